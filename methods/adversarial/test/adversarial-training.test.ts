import { median, Random, sliceRows } from "@reprise/data";
import { mnistSubset } from "@reprise/data/node";
import { compile, gradient, matMul, reduceSum, type Tensor, tensor, type Values } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { type Checkpoint, evaluator, initialWeights, mlp, trainClassifier, weightsByName } from "@reprise/nn";
import { afterAll, describe, expect, it } from "vitest";
import { nearestAdversarial } from "../src/adversarial-training/nearest.ts";
import { Pool } from "../src/adversarial-training/pool.ts";
import { trainAdversarially } from "../src/adversarial-training/train.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const float = (shape: number[], data: ArrayLike<number>) => tensor("float32", shape, Float32Array.from(data));
const int = (labels: number[]) => tensor("int64", [labels.length], labels);

describe("nearestAdversarial", () => {
  const run = (options: { steps: number; overshoot: number }) =>
    compile(runtime, ({ h, w, labels }: Values<"h" | "w" | "labels">) => {
      const scores = (at: Values[string]) => matMul(at, w);
      const made = nearestAdversarial(h, labels, scores, options);
      const [back] = gradient(reduceSum(made), [h]);
      return { made, scores: scores(made), back: back! };
    });
  // Two labels with scores h₀ + 2h₁ and h₂: the boundary is a plane with the normal (1, 2, −1).
  const w = float([3, 2], [1, 0, 2, 0, 0, 1]);
  const rows = [0.4, 0.5, 0.3, 0.1, 0.2, 0.9, 0.9, 0.05, 0.02];
  const h = float([3, 3], rows);

  it("for two linear labels one step is the nearest point of the boundary, and a share beyond it or short of it", async () => {
    for (const overshoot of [0, 0.1, -0.5]) {
      const { made } = await run({ steps: 1, overshoot }).run({ h, w, labels: int([0, 1, 0]) });
      const row = rows.slice(0, 3);
      const margin = row[0]! + 2 * row[1]! - row[2]!;
      for (const [i, normal] of [1, 2, -1].entries())
        expect(made.data[i]).toBeCloseTo(row[i]! - ((1 + overshoot) * margin * normal) / 6, 6);
    }
  });

  it("changes the label, stays in the box, and leaves alone what is misclassified already", async () => {
    const { made, scores } = await run({ steps: 12, overshoot: 0.02 }).run({ h, w, labels: int([0, 0, 0]) });
    for (const x of made.data as Float32Array) expect(x >= 0 && x <= 1).toBe(true);
    for (const row of [0, 2]) expect(scores.data[2 * row + 1]).toBeGreaterThan(Number(scores.data[2 * row]));
    expect(Number(scores.data[3])).toBeGreaterThan(Number(scores.data[2])); // 0.5 against 0.9: it was the other label
    expect([...(made.data as Float32Array).subarray(3, 6)]).toEqual([...(h.data as Float32Array).subarray(3, 6)]);
    expect(made.data[7]).toBe(0); // the third row's way leads out of the box
  });

  it("is a constant to gradients", async () => {
    const { back } = await run({ steps: 2, overshoot: 0.02 }).run({ h, w, labels: int([0, 1, 0]) });
    expect([...(back.data as Float32Array)]).toEqual(new Array(9).fill(0));
  });
});

describe("Pool", () => {
  it("fills up, then replaces at random, and keeps rows with their labels", () => {
    const random = new Random(2);
    const pool = new Pool(5, 2);
    expect(pool.draw(2, random).rows).toEqual(new Float32Array(4));
    const put = (from: number, count: number) => {
      const labels = BigInt64Array.from({ length: count }, (_, i) => BigInt(from + i));
      const rows = Float32Array.from({ length: 2 * count }, (_, i) => from + Math.floor(i / 2));
      pool.put(rows, labels, random);
    };
    put(0, 3);
    expect(pool.count).toBe(3);
    put(3, 7);
    expect(pool.count).toBe(5);
    const seen = new Set<number>();
    const { rows, labels } = pool.draw(200, random);
    for (const [i, label] of labels.entries()) {
      expect([rows[2 * i], rows[2 * i + 1]]).toEqual([Number(label), Number(label)]);
      seen.add(Number(label));
    }
    expect(seen.size).toBe(5);
    expect(Math.max(...seen)).toBe(9); // the newest is never the one that goes
  });
});

describe("trainAdversarially", () => {
  const network = mlp({ units: [20, 15, 10], recipe: { ...mlp({ units: [10] }).recipe, epochs: 10, batchSize: 25 } });
  const digits = async () => {
    const { images, labels } = await mnistSubset({ split: "train" });
    return { images: sliceRows(images, 0, 1000), labels: sliceRows(labels, 0, 1000) };
  };

  it("a network entered at any layer gives the logits that it gives from the image", async () => {
    const { parameters } = weightsByName(network, initialWeights(network, new Random(1)));
    const x = float(
      [2, 1, 28, 28],
      Array.from({ length: 1568 }, (_, i) => (i % 17) / 17),
    );
    const program = compile<string, string>(runtime, ({ x: image, ...p }) =>
      Object.fromEntries([
        ["whole", network.forward(p, image!).logits],
        ...[0, 1, 2].map((layer) => [`${layer}`, network.above(p, network.output(p, image!, layer), layer)]),
      ]),
    );
    const out = (await program.run({ ...parameters, x })) as Record<string, Tensor>;
    for (const layer of [0, 1, 2]) expect(out[layer]!.data).toEqual(out.whole!.data);
    expect([0, 1, 2].map((layer) => network.width(layer))).toEqual([784, 20, 15]);
    await program.release();
  });

  it("learns the digits, and to change its mind takes a longer way than after plain training", async () => {
    const examples = await digits();
    const plain = await trainClassifier(runtime, network, { examples, seed: 1 });
    const robust = await trainAdversarially(runtime, network, {
      examples,
      seed: 1,
      pool: { layers: [0], overshoot: 0.5 },
    });
    const scorer = evaluator(runtime, network);
    const test = await mnistSubset({ split: "test" });
    expect((await scorer.evaluate(robust.state, test)).accuracy).toBeGreaterThan(0.8);
    await scorer.release();
    const program = compile<string, "made">(runtime, ({ x, labels, ...p }) => ({
      made: nearestAdversarial(network.output(p, x!, 0), labels!, (h) => network.above(p, h, 0), {
        steps: 10,
        overshoot: 0.02,
      }),
    }));
    const distance = async (of: Checkpoint) => {
      const x = sliceRows(examples.images, 0, 200);
      const labels = int(Array.from(examples.labels.data.slice(0, 200), Number));
      const { made } = await program.run({ ...weightsByName(network, of.state).parameters, x, labels });
      const squares = new Float64Array(200);
      for (const [i, v] of (made.data as Float32Array).entries())
        squares[Math.floor(i / 784)]! += (v - x.data[i]!) ** 2;
      return Math.sqrt(median(squares));
    };
    expect(await distance(robust)).toBeGreaterThan(1.1 * (await distance(plain)));
    await program.release();
  });

  it("pools of several layers in turns; the same seed ends in the same weights", async () => {
    const examples = await digits();
    const run = (seed: number) =>
      trainAdversarially(runtime, network, { examples, seed, recipe: { epochs: 2 }, pool: { capacity: 60 } });
    const [first, second, other] = [await run(4), await run(4), await run(5)];
    expect(second.state).toEqual(first.state);
    expect(other.state.parameters).not.toEqual(first.state.parameters);
    expect(first.state.step).toBe(80);
  });

  it("a step makes examples of so many of its images, of all where there are fewer", async () => {
    const examples = await digits();
    for (const [renewed, rows] of [
      [4, 4],
      [100, 25],
    ] as const) {
      const shapes: unknown[] = [];
      const run = trainAdversarially(runtime, network, {
        examples,
        pool: { layers: [0, 1], renewed },
        onProgress(event) {
          if (event.kind === "step") shapes.push(event.report.made!.shape);
          if (shapes.length === 2) throw new Error("seen enough");
        },
      });
      await expect(run).rejects.toThrow("seen enough");
      expect(shapes).toEqual([
        [rows, 784],
        [rows, 20],
      ]);
    }
  });

  it("settings out of range are named before anything runs", async () => {
    const examples = await digits();
    const start = (pool: object, recipe: object = {}) =>
      trainAdversarially(runtime, network, { examples, pool, recipe });
    await expect(start({ layers: [0, 3] })).rejects.toThrow(
      /adversarial training: layer 3; fc20-15-10 has 0 \(the image\) to 2, give one at least/,
    );
    await expect(start({ weight: 1 })).rejects.toThrow("weight is 1; expected above 0, below 1");
    await expect(start({ renewed: 0.5 })).rejects.toThrow("renewed is 0.5; expected 1 or more");
    await expect(start({ capacity: 0 })).rejects.toThrow("capacity is 0; expected 1 or more");
    await expect(start({ overshoot: -1 })).rejects.toThrow("overshoot is -1; expected above −1");
    await expect(start({}, { optimizer: "lbfgs" })).rejects.toThrow('"lbfgs" takes all examples at once, not a batch');
  });
});
