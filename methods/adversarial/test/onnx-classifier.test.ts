import {
  add,
  concat,
  constant,
  div,
  exp,
  exportOnnx,
  flatten,
  Graph,
  ModelError,
  matMul,
  operators,
  reduceSum,
  sigmoid,
  softmax,
  tensor,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, it } from "vitest";
import { onnxClassifier } from "../src/onnx-classifier.ts";
import { perturb } from "../src/perturb.ts";
import { denseClassifier, digitImages, digitLabels, digitsClassifier } from "./analytic-classifier.ts";
import { exactPerturbation } from "./oracle.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

type Name = "FC10" | "FC16-16-10";
/** A stored network as an ONNX file; `head` is put after the logits. */
function onnxOf(name: Name, { head = (z: Value): Value => z, scale = 1, batch = 1, open = true } = {}): Uint8Array {
  const { layers } = digitsClassifier(name);
  const graph = new Graph(operators);
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
    await expect(load(onnxOf("FC10", { head: (z) => reduceSum(z, { axes: [1] }) }))).rejects.toThrow(
      /m\.onnx: its output "scores" is \[16\] for a batch of 16; expected the logits of a classifier/,
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
    await expect(load(exportOnnx(two))).rejects.toThrow("it has 2 outputs (p, q); name the one with the logits");
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
