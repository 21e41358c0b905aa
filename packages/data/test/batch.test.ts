import { Batches, type BatchOptions, type BatchState, ndArray, sliceRows, takeRows } from "@reprise/data";
import { describe, expect, it } from "vitest";

const take = (batches: Batches, count: number) => Array.from({ length: count }, () => batches.next());
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("an epoch", () => {
  it("holds every example once, in another order than the one before, the same for the same seed", () => {
    const batches = new Batches({ count: 103, batchSize: 10, seed: 1 });
    expect(batches.perEpoch).toBe(11);
    const [first, second] = [take(batches, 11), take(batches, 11)];
    for (const [epoch, all] of [first, second].entries()) {
      expect(sorted(all.flatMap((b) => [...b.indices]))).toEqual(upTo(103));
      expect(all.map((b) => b.epoch)).toEqual(new Array(11).fill(epoch));
      expect(all.map((b) => b.index)).toEqual(upTo(11));
      expect(all.map((b) => b.valid)).toEqual([...new Array<number>(10).fill(10), 3]);
    }
    expect(first[0]!.indices).not.toEqual(second[0]!.indices);
    expect(take(new Batches({ count: 103, batchSize: 10, seed: 1 }), 22)).toEqual([...first, ...second]);
    expect(new Batches({ count: 103, batchSize: 10, seed: 2 }).next().indices).not.toEqual(first[0]!.indices);
  });

  it("without shuffling goes from first to last, every time", () => {
    const batches = new Batches({ count: 5, batchSize: 2, seed: 0, shuffle: false });
    expect(take(batches, 6).map((b) => [...b.indices])).toEqual([[0, 1], [2, 3], [4], [0, 1], [2, 3], [4]]);
  });

  it('last: "drop" leaves out what does not fill a batch', () => {
    const batches = new Batches({ count: 7, batchSize: 3, seed: 3, last: "drop" });
    const epoch = take(batches, batches.perEpoch);
    expect(epoch.map((b) => [b.indices.length, b.valid])).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(new Set(epoch.flatMap((b) => [...b.indices])).size).toBe(6);
    expect(batches.next().epoch).toBe(1);
  });

  it('last: "pad" fills up with the first of the epoch and says how many count', () => {
    const batches = new Batches({ count: 7, batchSize: 3, seed: 3, last: "pad" });
    const [a, , c] = take(batches, 3);
    expect([c!.indices.length, c!.valid]).toEqual([3, 1]);
    expect([...c!.indices.slice(1)]).toEqual([...a!.indices.slice(0, 2)]);
    const few = new Batches({ count: 2, batchSize: 5, seed: 0, shuffle: false, last: "pad" });
    expect([...few.next().indices]).toEqual([0, 1, 0, 1, 0]);
  });
});

describe("resume", () => {
  it.each<Partial<BatchOptions>>([{}, { last: "drop" }, { last: "pad" }, { shuffle: false }])(
    "from any batch, through JSON, gives the same batches as going on: %j",
    (extra) => {
      const options: BatchOptions = { count: 23, batchSize: 5, seed: 4, ...extra };
      for (let done = 0; done <= 12; done++) {
        const batches = new Batches(options);
        take(batches, done);
        const state = JSON.parse(JSON.stringify(batches.state)) as BatchState;
        const resumed = Batches.resume(options, state);
        expect(take(resumed, 12)).toEqual(take(batches, 12));
        expect(resumed.state).toEqual(batches.state);
      }
    },
  );

  it("with other data or settings is refused, naming both", () => {
    const { state } = new Batches({ count: 23, batchSize: 5, seed: 4 });
    expect(() => Batches.resume({ count: 24, batchSize: 5, seed: 4 }, state)).toThrow(
      "batches: the checkpoint was made with count 23, this run has 24. Resume with the same data and settings",
    );
    expect(() => Batches.resume({ count: 23, batchSize: 5, seed: 4, last: "drop" }, state)).toThrow(
      "last keep, this run has drop",
    );
    expect(() => Batches.resume({ count: 23, batchSize: 5, seed: 4 }, { ...state, index: 9 })).toThrow(
      "the checkpoint stands at epoch 0, batch 9; it is damaged",
    );
  });
});

it.each<[Partial<BatchOptions>, string]>([
  [{ count: 0 }, "batches: count is 0; expected 1 or more"],
  [{ batchSize: 2.5 }, "batches: batchSize is 2.5; expected 1 or more"],
  [
    { batchSize: 11, last: "drop" },
    'batches: 10 examples do not fill one batch of 11, and last: "drop" leaves nothing',
  ],
])("refuses %j", (wrong, message) => {
  expect(() => new Batches({ count: 10, batchSize: 5, seed: 0, ...wrong })).toThrow(message);
});

describe("rows", () => {
  const array = ndArray("float32", [3, 2], Float32Array.of(0, 1, 10, 11, 20, 21));

  it("takeRows copies the rows asked for", () => {
    expect(takeRows(array, [2, 0, 2])).toEqual(ndArray("float32", [3, 2], Float32Array.of(20, 21, 0, 1, 20, 21)));
    expect(takeRows(ndArray("int64", [2], BigInt64Array.of(5n, 6n)), [1])).toEqual(
      ndArray("int64", [1], BigInt64Array.of(6n)),
    );
    for (const row of [3, -1, 0.5])
      expect(() => takeRows(array, [row])).toThrow(`there is no row ${row} in an array of 3 rows`);
  });

  it("sliceRows shares the memory", () => {
    const end = sliceRows(array, 1);
    expect(end).toEqual(ndArray("float32", [2, 2], Float32Array.of(10, 11, 20, 21)));
    expect(end.data.buffer).toBe(array.data.buffer);
    expect(sliceRows(array, -1).shape).toEqual([1, 2]);
    expect(sliceRows(array, 2, 1).shape).toEqual([0, 2]);
    expect(sliceRows(array, 0, 99).shape).toEqual([3, 2]);
  });
});
