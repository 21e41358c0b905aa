import { Random, type RandomState } from "@reprise/data";
import { describe, expect, it } from "vitest";

const draws = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32());

describe("xoshiro128**, published values", () => {
  it("continues from the words 1, 2, 3, 4 as the reference C code (rand_xoshiro's test vector)", () => {
    const random = new Random({ algorithm: "xoshiro128**", words: [1, 2, 3, 4], spareNormal: null });
    expect(draws(random, 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it("is seeded by SplitMix64 as rand_xoshiro's seed_from_u64(0) (values in the documentation of u64_array_bigints)", () => {
    expect(draws(new Random(0), 8)).toEqual([
      0xdec9045d, 0x9a089d75, 0xab77d362, 0xc3e16405, 0x5c95a8da, 0x60dea056, 0xc25a5140, 0xa4290614,
    ]);
  });

  it("takes seeds above 2^32 whole", () => {
    expect(draws(new Random(7), 2)).not.toEqual(draws(new Random(7 + 2 ** 32), 2));
  });
});

describe("distributions", () => {
  it("uniform: in [0, 1), mean 1/2, variance 1/12", () => {
    const random = new Random(1);
    const values = Array.from({ length: 50_000 }, () => random.uniform());
    expect(Math.min(...values.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 10_000))).toBeLessThan(1);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(1 / 2, 2); // 5 standard errors = 0.0065
    expect(variance).toBeCloseTo(1 / 12, 2);
  });

  it("uniform: never returns the upper end, even where rounding would", () => {
    const ones: RandomState = { algorithm: "xoshiro128**", words: [0, 0, 0, 1], spareNormal: null };
    const random = new Random(ones);
    for (let i = 0; i < 10_000; i++) expect(random.uniform(1, 1 + Number.EPSILON)).toBe(1);
  });

  it("normal: moments and tails of the standard normal", () => {
    const random = new Random(2);
    const values = Array.from({ length: 100_000 }, () => random.normal());
    const moment = (k: number) => values.reduce((sum, v) => sum + v ** k, 0) / values.length;
    // Five standard errors: √(1/n), √(2/n), √(15/n), √(96/n) times 5.
    expect(Math.abs(moment(1))).toBeLessThan(0.016);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.023);
    expect(Math.abs(moment(3))).toBeLessThan(0.062);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.155);
    const outside = values.filter((v) => Math.abs(v) > 1.959964).length / values.length;
    expect(outside).toBeGreaterThan(0.0465);
    expect(outside).toBeLessThan(0.0535);
  });

  it("normal: shifts and scales, and the second number of a pair is not lost", () => {
    const [a, b] = [new Random(3), new Random(3)];
    for (let i = 0; i < 5; i++) expect(a.normal(10, 2)).toBe(10 + 2 * b.normal());
  });

  it("integer: every value equally likely (χ² with 6 degrees of freedom, p > 0.0001)", () => {
    const random = new Random(4);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]!++;
    const chi2 = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi2).toBeLessThan(27.86);
  });

  it("integer: reaches the last value of the whole 32-bit range and refuses counts outside it", () => {
    const random = new Random(5);
    const same = new Random(5);
    for (let i = 0; i < 100; i++) expect(random.integer(2 ** 32)).toBe(same.uint32());
    for (const count of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN])
      expect(() => random.integer(count)).toThrow(
        `integer(${count}): the count must be an integer from 1 to 4294967296`,
      );
  });

  it("integer: rejects draws that would favour small values", () => {
    // 3·2^30 leaves a quarter of the draws over; without rejection values below 2^30 come twice as often.
    const random = new Random(6);
    const low = Array.from({ length: 30_000 }, () => random.integer(3 * 2 ** 30)).filter((v) => v < 2 ** 30).length;
    expect(low / 30_000).toBeCloseTo(1 / 3, 1);
    expect(low / 30_000).toBeLessThan(0.35);
  });

  it("shuffle: keeps the items, in place, and every order is equally likely", () => {
    const random = new Random(8);
    const seen = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const items = ["a", "b", "c", "d"];
      expect(random.shuffle(items)).toBe(items);
      const order = items.join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    const chi2 = [...seen.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(58.6); // 23 degrees of freedom, p > 0.0001
  });

  it("permutation and choice: typed arrays and plain ones", () => {
    const random = new Random(9);
    const order = random.permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(order[0] === 0 && order[1] === 1 && order[2] === 2).toBe(false);
    expect(["x", "y"]).toContain(random.choice(["x", "y"]));
    expect(random.choice(new Float32Array([5]))).toBe(5);
    expect(() => random.choice([])).toThrow("choice: there are no items to choose from");
  });
});

describe("state", () => {
  it("survives JSON in the middle of a pair of normals and continues with the same numbers", () => {
    const random = new Random(10);
    random.normal();
    const copy = new Random(JSON.parse(JSON.stringify(random.state)) as RandomState);
    const next = (r: Random) => [r.normal(), r.uint32(), r.normal(), r.normal(), r.integer(10), r.uniform()];
    expect(next(copy)).toEqual(next(random));
  });

  it("is a snapshot: later draws do not change it", () => {
    const random = new Random(11);
    const { state } = random;
    const before = JSON.stringify(state);
    random.uint32();
    expect(JSON.stringify(state)).toBe(before);
  });

  it("fork: a stream of its own that does not change with how much of the other is used", () => {
    const a = new Random(12).fork();
    const parent = new Random(12);
    const b = parent.fork();
    draws(parent, 100);
    expect(draws(a, 5)).toEqual(draws(b, 5));
    expect(draws(new Random(12).fork(), 5)).not.toEqual(draws(new Random(12), 5));
  });

  it.each([-1, 1.5, 2 ** 53, Number.NaN])("refuses the seed %s", (seed) => {
    expect(() => new Random(seed)).toThrow(`seed ${seed}: must be an integer from 0 to 9007199254740991`);
  });

  it.each([
    { algorithm: "mt19937", words: [1, 2, 3, 4], spareNormal: null },
    { algorithm: "xoshiro128**", words: [0, 0, 0, 0], spareNormal: null },
    { algorithm: "xoshiro128**", words: [1, 2, 3], spareNormal: null },
    { algorithm: "xoshiro128**", words: [1, 2, 3, 2 ** 32], spareNormal: null },
    { algorithm: "xoshiro128**", words: [1, 2, 3, 4], spareNormal: "x" },
  ])("refuses the state %j", (state) => {
    expect(() => new Random(state as unknown as RandomState)).toThrow(
      /expected algorithm "xoshiro128\*\*", four 32-bit/,
    );
  });
});
