import {
  add,
  cast,
  concat,
  constant,
  div,
  exp,
  exportOnnx,
  flatten,
  Graph,
  greater,
  ModelError,
  matMul,
  type OpDef,
  operators,
  reduceSum,
  reshape,
  sigmoid,
  softmax,
  tensor,
  transpose,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { onnxClassifier, onnxScores } from "@reprise/nn";
import { afterAll, describe, expect, it } from "vitest";
import { untargeted } from "../src/attacks/goal.ts";
import { hopSkipJump } from "../src/attacks/hop-skip-jump.ts";
import { runAttack } from "../src/attacks/run-attack.ts";
import { perturb } from "../src/perturb.ts";
import { denseClassifier, digitImages, digitLabels, digitsClassifier } from "./analytic-classifier.ts";
import { exactPerturbation } from "./oracle.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

type Name = "FC10" | "FC16-16-10";
/** Operators as ONNX has them. ReverseSequence, which the engine does not know, changes nothing in one step. */
const known: OpDef = { inputs: [1, 2], since: 10, infer: ([x]) => x, grad: "none" };
/** A stored network as an ONNX file; `head` is put after the logits. */
function onnxOf(name: Name, { head = (z: Value): Value => z, scale = 1, batch = 1, open = true } = {}): Uint8Array {
  const { layers } = digitsClassifier(name);
  const graph = new Graph({ ...operators, Hardmax: known, ReverseSequence: known });
  const images = graph.input("images", "float32", [batch, 1, 28, 28]);
  let value = flatten(images);
  for (const [depth, { weight, bias, inputs, outputs }] of layers.entries()) {
    const transposed = new Float32Array(inputs * outputs);
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++) transposed[i * outputs + o] = scale * weight[o * inputs + i]!;
    const W = constant(value, tensor("float32", [inputs, outputs], transposed));
    value = add(matMul(value, W), constant(value, tensor("float32", [outputs], Float32Array.from(bias))));
    if (depth < layers.length - 1) value = sigmoid(value);
  }
  graph.output("scores", head(value));
  return exportOnnx(graph, open ? { dynamic: { images: ["N"], scores: ["N"] } } : {});
}

describe("onnxClassifier", () => {
  for (const name of ["FC10", "FC16-16-10"] as const)
    it(`${name}: loss, gradient and logits are those written by hand in float64`, async () => {
      const ours = await onnxClassifier(runtime, onnxOf(name), { sharpness: 1 });
      const { classifier } = digitsClassifier(name);
      expect([ours.inputShape, ours.classes]).toEqual([[1, 28, 28], 10]);
      const count = 24;
      const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
      const a = await ours.lossAndGradient(digitImages, labels, count);
      const b = await classifier.lossAndGradient(digitImages, labels, count);
      // float32 sums of 784 terms
      for (let i = 0; i < count; i++) expect(a.loss[i]).toBeCloseTo(b.loss[i]!, 4);
      for (let i = 0; i < count * 10; i++) expect(a.logits[i]).toBeCloseTo(b.logits[i]!, 4);
      for (let i = 0; i < count * 784; i++) expect(Math.abs(a.gradient[i]! - b.gradient[i]!)).toBeLessThan(2e-5);
      expect(await ours.logits(digitImages, count)).toEqual(a.logits);
      await ours.release();
    });

  it("sharpness β: cross-entropy(β·logits) / β, the logits as they are", async () => {
    const beta = 3;
    const ours = await onnxClassifier(runtime, onnxOf("FC16-16-10"), { sharpness: beta });
    const { layers, classifier } = digitsClassifier("FC16-16-10");
    const last = layers.at(-1)!;
    const scale = (values: Float64Array) => values.map((v) => beta * v);
    const sharp = denseClassifier([
      ...layers.slice(0, -1),
      { ...last, weight: scale(last.weight), bias: scale(last.bias) },
    ]);
    const labels = new Int32Array(4).fill(6);
    const a = await ours.lossAndGradient(digitImages.subarray(0, 4 * 784), labels, 4);
    const b = await sharp.lossAndGradient(digitImages.subarray(0, 4 * 784), labels, 4);
    for (let i = 0; i < 4; i++) expect(a.loss[i]).toBeCloseTo(b.loss[i]! / beta, 4);
    for (let i = 0; i < 4 * 784; i++) expect(Math.abs(a.gradient[i]! - b.gradient[i]! / beta)).toBeLessThan(2e-5);
    const plain = await classifier.logits(digitImages, 4);
    for (let i = 0; i < 40; i++) expect(a.logits[i]).toBeCloseTo(plain[i]!, 4);
    await expect(onnxClassifier(runtime, onnxOf("FC10"), { sharpness: 0 })).rejects.toThrow(
      "sharpness is 0, expected a number above 0",
    );
  });

  it("margin: by how much the label misses its highest rival, below 0 where it leads", async () => {
    const ours = await onnxClassifier(runtime, onnxOf("FC16-16-10"), { loss: "margin" });
    const { classifier } = digitsClassifier("FC16-16-10");
    const logits = await classifier.logits(digitImages, 10);
    const labels = Int32Array.from({ length: 10 }, (_, i) => i);
    const weights = new Float32Array(100);
    const margins = labels.map((label, row) => {
      const z = logits.subarray(row * 10, row * 10 + 10);
      const rival = z.reduce((best, zk, k) => (k !== label && (best < 0 || zk > z[best]!) ? k : best), -1);
      weights[row * 10 + rival] = 1;
      weights[row * 10 + label] = -1;
      return rival;
    });
    const want = await classifier.scoreGradient(digitImages.subarray(0, 7840), weights, 10);
    const got = await ours.lossAndGradient(digitImages.subarray(0, 7840), labels, 10);
    for (const [row, rival] of margins.entries())
      expect(got.loss[row]).toBeCloseTo(logits[row * 10 + rival]! - logits[row * 10 + row]!, 4);
    expect(Math.min(...got.loss)).toBeLessThan(0);
    expect(Math.max(...got.loss)).toBeGreaterThan(0);
    for (let i = 0; i < 7840; i++) expect(Math.abs(got.gradient[i]! - want.gradient[i]!)).toBeLessThan(2e-5);
    await ours.release();
  });

  it("gives a row the same bits at any place in any batch", async () => {
    const classifier = await onnxClassifier(runtime, onnxOf("FC16-16-10"));
    const labels = new Int32Array(24).fill(3);
    const all = await classifier.lossAndGradient(digitImages, labels, 24);
    for (const row of [0, 5, 17, 23]) {
      const one = await classifier.lossAndGradient(digitImages.subarray(row * 784, row * 784 + 784), labels, 1);
      expect(one.gradient).toEqual(all.gradient.slice(row * 784, row * 784 + 784));
      expect(one.loss[0]).toBe(all.loss[row]);
      expect(one.logits).toEqual(all.logits.slice(row * 10, row * 10 + 10));
    }
    await classifier.release();
  });

  it("the attack through ONNX Runtime: every image reached, exact ≤ ours ≤ 1.06 exact, whatever the batch", async () => {
    const classifier = await onnxClassifier(runtime, onnxOf("FC10"));
    const { layers } = digitsClassifier("FC10");
    const results = await perturb(classifier, digitImages, digitLabels, { target: "leastLikely" });
    for (const { row, status, l2, target } of results) {
      expect(status).toBe("success");
      const exact = exactPerturbation(layers[0]!, digitImages.subarray(row * 784, row * 784 + 784), target).norm;
      expect(l2).toBeGreaterThan(exact * (1 - 1e-4)); // float32 logits decide
      expect(l2).toBeLessThan(1.06 * exact);
    }
    const paper = await onnxClassifier(runtime, onnxOf("FC10"), { sharpness: 1 });
    const wide = await perturb(paper, digitImages, digitLabels, { target: "leastLikely" });
    const mean = (rows: typeof results) => rows.reduce((sum, row) => sum + row.l2, 0) / rows.length;
    expect(mean(results)).toBeLessThan(mean(wide)); // the sharper loss comes nearer to the minimum
    const few = await perturb(classifier, digitImages.subarray(0, 784 * 3), digitLabels.subarray(0, 3), {
      target: "leastLikely",
      batch: 2,
    });
    expect(few).toEqual(results.slice(0, 3));
    await classifier.release();
  });

  it("the attack by the margin: exact ≤ ours ≤ 1.1 exact, nearer than by the paper's loss", async () => {
    const { layers } = digitsClassifier("FC10");
    const images = digitImages.subarray(0, 8 * 784);
    const ratios = async (options: { loss?: "margin"; sharpness?: number }) => {
      const classifier = await onnxClassifier(runtime, onnxOf("FC10"), options);
      const results = await perturb(classifier, images, digitLabels.subarray(0, 8), { target: "leastLikely" });
      await classifier.release();
      expect(results.map(({ status }) => status)).toEqual(new Array(8).fill("success"));
      return results.map(
        ({ row, l2, target }) =>
          l2 / exactPerturbation(layers[0]!, images.subarray(row * 784, row * 784 + 784), target).norm,
      );
    };
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
    const [margin, paper] = [await ratios({ loss: "margin" }), await ratios({ sharpness: 1 })];
    expect(Math.min(...margin)).toBeGreaterThan(1 - 1e-4);
    expect(Math.max(...margin)).toBeLessThan(1.1); // its kinks stop the solver early
    expect(mean(margin)).toBeLessThan(mean(paper));
  });

  it("takes the scores before a final softmax", async () => {
    const bare = await onnxClassifier(runtime, onnxOf("FC10"));
    const topped = await onnxClassifier(runtime, onnxOf("FC10", { head: (z) => softmax(z) }));
    expect(await topped.logits(digitImages, 24)).toEqual(await bare.logits(digitImages, 24));
  });

  it("runs a model of a fixed batch", async () => {
    const fixed = await onnxClassifier(runtime, onnxOf("FC10", { batch: 5, open: false }));
    const open = await onnxClassifier(runtime, onnxOf("FC10"));
    const a = await fixed.logits(digitImages, 24);
    const b = await open.logits(digitImages, 24);
    for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, 4);
  });
});

/** Softmax regression on three channels, channels last, in BGR, of pixels that were normalised outside. */
function channelsLast(): Uint8Array {
  const graph = new Graph(operators);
  const images = graph.input("pixels", "float32", [1, 4, 5, 3]);
  const weight = Float32Array.from({ length: 60 * 3 }, (_, i) => Math.sin(i));
  graph.output("scores", matMul(flatten(images), constant(images, tensor("float32", [60, 3], weight))));
  return exportOnnx(graph, { dynamic: { pixels: ["N"], scores: ["N"] } });
}

describe("images as the model wants them", () => {
  const format = { channelOrder: "bgr", mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] } as const;
  const rgb = Float32Array.from({ length: 120 }, (_, i) => 0.5 + 0.4 * Math.cos(i)); // two images [3, 4, 5]
  /** By hand: normalise, reverse the channels, put them last, multiply. */
  const expected = [0, 1].flatMap((row) =>
    [0, 1, 2].map((k) => {
      let sum = 0;
      for (let c = 0; c < 3; c++)
        for (let p = 0; p < 20; p++) {
          const value = (rgb[row * 60 + c * 20 + p]! - format.mean[c]!) / format.std[c]!;
          sum += value * Math.fround(Math.sin((p * 3 + 2 - c) * 3 + k));
        }
      return sum;
    }),
  );

  it("channels last, BGR, mean and deviation: found, folded in, differentiated", async () => {
    const ours = await onnxClassifier(runtime, channelsLast(), format);
    const plain = await onnxScores(runtime, channelsLast(), format);
    expect([ours.inputShape, plain.inputShape, ours.classes]).toEqual([[3, 4, 5], [3, 4, 5], 3]);
    for (const logits of [await ours.logits(rgb, 2), await plain.logits(rgb, 2)])
      for (const [i, z] of expected.entries()) expect(logits[i]).toBeCloseTo(z, 4);
    const weights = Float32Array.of(1, -1, 0, 0, 2, 0);
    const { gradient } = await ours.scoreGradient(rgb, weights, 2);
    for (const i of [0, 7, 33, 59]) {
      const c = Math.floor(i / 20);
      const w = (k: number) => Math.sin(((i % 20) * 3 + 2 - c) * 3 + k) / format.std[c]!;
      expect(gradient[i]).toBeCloseTo(w(0) - w(1), 4);
      expect(gradient[60 + i]).toBeCloseTo(2 * w(1), 4);
    }
    const said = await onnxClassifier(runtime, channelsLast(), {
      ...format,
      layout: "nchw",
      mean: [0, 0, 0, 0],
      std: [1, 1, 1, 1],
      channelOrder: "rgb",
    });
    expect(said.inputShape).toEqual([4, 5, 3]);
  });

  it("formats that do not fit", async () => {
    const load = (options: object) => onnxClassifier(runtime, channelsLast(), { name: "m.onnx", ...options });
    await expect(load({ mean: [0.5] })).rejects.toThrow(
      "m.onnx: mean has 1 numbers; images of [3, 4, 5] have 3 channels. Give 3.",
    );
    await expect(load({ std: [1, 0, 1] })).rejects.toThrow("m.onnx: std holds 0, expected numbers above 0");
    await expect(load({ range: [1, 0] })).rejects.toThrow(
      "m.onnx: the range is 1 to 0, expected the lower value first",
    );
    await expect(load({ input: "x" })).rejects.toThrow('m.onnx: it has no input "x"; its inputs are pixels');
    await expect(onnxClassifier(runtime, onnxOf("FC10"), { name: "m.onnx", channelOrder: "bgr" })).rejects.toThrow(
      "m.onnx: channel order bgr needs 3 channels; images are [1, 28, 28]",
    );
  });

  it("probabilities: their logarithm, in the graph and without gradients", async () => {
    const head = (z: Value) => div(exp(z), reduceSum(exp(z), { axes: [1], keepDims: true }));
    const bytes = onnxOf("FC10", { head });
    const bare = await (await onnxClassifier(runtime, onnxOf("FC10"))).logits(digitImages, 4);
    for (const model of [
      await onnxClassifier(runtime, bytes, { scores: "probabilities" }),
      await onnxScores(runtime, bytes),
    ]) {
      const logits = await model.logits(digitImages, 4);
      for (let row = 0; row < 4; row++)
        for (let k = 1; k < 10; k++)
          expect(logits[row * 10 + k]! - logits[row * 10]!).toBeCloseTo(bare[row * 10 + k]! - bare[row * 10]!, 3);
    }
  });

  it("scores after a pooling, [N, K, 1, 1]; a map of them is no classifier", async () => {
    const bytes = onnxOf("FC10", { head: (z) => reshape(z, [z.shape[0]!, 10, 1, 1]), open: false });
    const bare = await (await onnxClassifier(runtime, onnxOf("FC10"))).logits(digitImages, 2);
    for (const model of [await onnxClassifier(runtime, bytes), await onnxScores(runtime, bytes)]) {
      const logits = await model.logits(digitImages, 2);
      for (let i = 0; i < 20; i++) expect(logits[i]).toBeCloseTo(bare[i]!, 4);
    }
    const map = onnxOf("FC10", { head: (z) => reshape(z, [z.shape[0]!, 2, 5, 1]), open: false });
    const square = onnxOf("FC10", {
      head: (z) => transpose(reshape(z, [z.shape[0]!, 1, 2, 5]), [0, 2, 3, 1]),
      open: false,
    });
    for (const bytes of [map, square]) {
      await expect(onnxClassifier(runtime, bytes, { name: "m.onnx" })).rejects.toThrow(
        /m\.onnx: its output "scores" is \[1, 2, 5, 1\], scores for every pixel as of a segmentation model/,
      );
      await expect(onnxScores(runtime, bytes, { name: "m.onnx" })).rejects.toThrow(
        'm.onnx: its output "scores" is [1, 2, 5, 1] for one image; expected the scores of a classifier',
      );
    }
  });

  it("scores that the image reaches through no gradient: the node that stops it is named", async () => {
    const bytes = onnxOf("FC10", { head: (z) => cast(greater(z, 0), "float32") });
    const model = await onnxClassifier(runtime, bytes, { name: "m.onnx" });
    const stopped =
      /m\.onnx: its scores have no gradient in the image: operator "Greater" \(node ".*"\) stops it\..*onnxScores/;
    await expect(model.lossAndGradient(digitImages, Int32Array.of(0), 1)).rejects.toThrow(stopped);
    await expect(model.scoreGradient(digitImages, new Float32Array(10), 1)).rejects.toThrow(stopped);
    expect((await (await onnxScores(runtime, bytes)).logits(digitImages, 1)).length).toBe(10);
  });

  it("an operator without gradient is named with its node; without gradients the model runs", async () => {
    const steps = tensor("int64", [10], new Array(10).fill(1));
    const head = (z: Value) => z.graph.add("ReverseSequence", [...z.graph.add("Hardmax", [z]), constant(z, steps)])[0]!;
    const bytes = onnxOf("FC10", { head });
    await expect(onnxClassifier(runtime, bytes, { name: "m.onnx" })).rejects.toThrow(
      /m\.onnx: operator "ReverseSequence" \(node ".*"\) is not supported for gradients.*Square and HopSkipJump/,
    );
    const model = await onnxScores(runtime, bytes);
    const bare = await (await onnxClassifier(runtime, onnxOf("FC10"))).logits(digitImages, 1);
    const logits = await model.logits(digitImages, 1);
    const winner = bare.indexOf(Math.max(...bare));
    // One-hot outputs are probabilities, so their logarithms are the scores.
    for (let k = 0; k < 10; k++) expect(logits[k]! > -1e-6, `class ${k}`).toBe(k === winner);
    const [result] = await runAttack(
      hopSkipJump({ steps: 2 }),
      model,
      digitImages.slice(0, 784),
      untargeted([digitLabels[0]!]),
    );
    expect(result!.success).toEqual([true]);
  });
});

describe("onnxClassifier, bad input", () => {
  const load = (bytes: Uint8Array, options = {}) => onnxClassifier(runtime, bytes, { name: "m.onnx", ...options });
  const twoInputs = () => {
    const graph = new Graph(operators);
    const a = graph.input("a", "float32", [1, 4]);
    graph.output("y", add(a, graph.input("b", "float32", [1, 4])));
    return exportOnnx(graph);
  };
  it("bytes that are no model, or half of one", async () => {
    await expect(load(new TextEncoder().encode("hello, world"))).rejects.toThrow(/m\.onnx: not a readable ONNX model/);
    const whole = onnxOf("FC10");
    await expect(load(whole.subarray(0, whole.length >> 1))).rejects.toThrow(ModelError);
  });
  it("two inputs, several outputs, shapes of no classifier", async () => {
    await expect(load(twoInputs())).rejects.toThrow(
      "m.onnx: it has 2 inputs (a, b); an attack needs a classifier with one",
    );
    await expect(load(onnxOf("FC10", { head: (z) => reduceSum(z, { axes: [0] }) }))).rejects.toThrow(
      /m\.onnx: its output "scores" is \[10, 1\] for a batch of 16; expected the scores of a classifier/,
    );
    await expect(load(onnxOf("FC10"), { output: "other" })).rejects.toThrow(
      'no output "other"; its outputs are scores',
    );
    await expect(load(onnxOf("FC10"), { inputShape: [3, 28, 28] })).rejects.toThrow(
      'images of [3, 28, 28] do not fit its input "images" [N, 1, 28, 28]',
    );
    const two = new Graph(operators);
    const x = two.input("x", "float32", [1, 4]);
    two.output("p", sigmoid(x));
    two.output("q", concat([x, x], 1));
    await expect(load(exportOnnx(two))).rejects.toThrow("it has 2 outputs (p, q); say which holds the scores");
  });
  it("probabilities by other means than a softmax", async () => {
    const head = (z: Value) => div(exp(z), reduceSum(exp(z), { axes: [1], keepDims: true }));
    await expect(load(onnxOf("FC10", { head }))).rejects.toThrow(
      /its output looks like probabilities \(in \[0, 1\], sum 1\.0000\); expected logits/,
    );
  });
  it("weights that are not finite", async () => {
    await expect(load(onnxOf("FC10", { scale: Number.NaN }))).rejects.toThrow(
      /m\.onnx: weight ".*" is NaN at element 0; expected finite numbers/,
    );
  });
});
