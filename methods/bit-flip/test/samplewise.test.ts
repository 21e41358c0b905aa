// One image sent to one class, against trying every bit of a small network.
import { Random } from "@reprise/data";
import { flatten, gemm, relu, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import { flipBit, flipsForImage, graphVictim, quantize } from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const random = new Random(5);
const draw = (n: number) => Float32Array.from({ length: n }, () => random.normal());
const layers = [
  [4, 6],
  [4, 4],
].map((shape, i) => ({
  ...quantize(draw(shape[0]! * shape[1]!), shape, { bits: 8 }),
  ...{ name: `fc${i}`, shape, signed: true },
}));
const logits = (x: Value, [a, b]: readonly Value[]) =>
  gemm(relu(gemm(flatten(x), a!, null, { transB: true })), b!, null, { transB: true });
const images = tensor("float32", [12, 6], draw(72));
const imageOf = (row: number) => tensor("float32", [1, 6], images.data.slice(6 * row, 6 * row + 6));

/** The classes that the network gives, computed here from its integers. */
function answers(values: readonly ArrayLike<number>[]): number[] {
  return Array.from({ length: 12 }, (_, row) => {
    const hidden = Array.from({ length: 4 }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < 6; k++) sum += values[0]![6 * j + k]! * layers[0]!.step[0]! * images.data[6 * row + k]!;
      return Math.max(0, sum);
    });
    const scores = Array.from({ length: 4 }, (_, j) =>
      hidden.reduce((sum, h, k) => sum + values[1]![4 * j + k]! * layers[1]!.step[0]! * h, 0),
    );
    return scores.indexOf(Math.max(...scores));
  });
}

const clean = layers.map(({ values }) => [...values]);
/** The network's answers after each single flip. */
const single = layers.flatMap(({ values }, layer) =>
  [...values].flatMap((value, index) =>
    Array.from({ length: 8 }, (_, bit) => {
      const changed = clean.map((row) => [...row]);
      changed[layer]![index] = flipBit(value, bit, 8);
      return answers(changed);
    }),
  ),
);

describe("flipsForImage", () => {
  it("needs one flip where one is enough, and takes the one that leaves most others right", async () => {
    const labels = Int32Array.from(answers(clean));
    const victim = await graphVictim(runtime, { layers, logits }, { images });
    let [ones, best] = [0, 0];
    for (let row = 0; row < 4; row++)
      for (let target = 0; target < 4; target++) {
        if (target === labels[row]) continue;
        const rest = labels.filter((_, i) => i !== row);
        const data = Float32Array.from([...images.data].filter((_, i) => Math.floor(i / 6) !== row));
        const others = { images: tensor("float32", [11, 6], data), labels: rest };
        const options = { others, perLayer: 1000, compared: 1000 };
        const found = await flipsForImage(victim, { image: imageOf(row), target }, options);
        const enough = single.filter((given) => given[row] === target);
        // Half of the probability is asked for before flips are compared, and the target may lead with less.
        if (enough.length === 0) expect(found.flips.length).not.toBe(1);
        else if (found.flips.length === 1) {
          ones++;
          const right = (given: readonly number[]) => given.filter((each, i) => i !== row && each === labels[i]).length;
          const most = Math.max(...enough.map(right));
          expect(found.others.after).toBeLessThanOrEqual(most / 11 + 1e-12);
          if (Math.abs(found.others.after - most / 11) < 1e-12) best++;
        }
        expect(victim.layers.map(({ values }) => [...values])).toEqual(clean); // as it was
        expect(found.reached).toBe(true);
      }
    expect(ones).toBeGreaterThan(3);
    expect(best / ones).toBeGreaterThan(0.8);
    await victim.release();
  });

  it("refuses an image that has its target, and ends at the most flips", async () => {
    const victim = await graphVictim(runtime, { layers, logits }, { images });
    const [answer] = answers(clean);
    await expect(flipsForImage(victim, { image: imageOf(0), target: answer! })).rejects.toThrow(
      `flipsForImage: the image gets class ${answer} before the first flip.`,
    );
    const none = await flipsForImage(victim, { image: imageOf(0), target: (answer! + 1) % 4 }, { maxFlips: 0 });
    expect(none).toMatchObject({ reached: false, flips: [], others: { before: Number.NaN, after: Number.NaN } });
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(
      flipsForImage(victim, { image: imageOf(0), target: (answer! + 1) % 4 }, { signal: stop }),
    ).rejects.toThrow("enough");
    await victim.release();
  });
});
