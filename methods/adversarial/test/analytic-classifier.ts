import type { ScoreDifferentiable } from "@reprise/nn";
import digits from "./fixtures/digits.json" with { type: "json" };

/** One dense layer: weight [outputs, inputs] and bias [outputs]. */
export interface Dense {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Dense layers with sigmoids between them, softmax cross-entropy at the end; everything by hand in float64, row by row.
 * `calls` counts the rows of each call.
 */
export function denseClassifier(layers: readonly Dense[], inputShape: readonly number[] = [layers[0]!.inputs]) {
  const classes = layers.at(-1)!.outputs;
  const n = layers[0]!.inputs;
  const calls: number[] = [];
  const forward = (x: ArrayLike<number>): Float64Array[] => {
    const activations = [Float64Array.from(x)];
    for (const [depth, { weight, bias, inputs, outputs }] of layers.entries()) {
      const input = activations[depth]!;
      const output = new Float64Array(outputs);
      for (let o = 0; o < outputs; o++) {
        let sum = bias[o]!;
        for (let i = 0; i < inputs; i++) sum += weight[o * inputs + i]! * input[i]!;
        output[o] = depth === layers.length - 1 ? sum : 1 / (1 + Math.exp(-sum));
      }
      activations.push(output);
    }
    return activations;
  };
  const lossAndGradientOf = (x: ArrayLike<number>, label: number) => {
    const activations = forward(x);
    const logits = activations.at(-1)!;
    const max = logits.reduce((a, b) => Math.max(a, b));
    const sum = logits.reduce((a, z) => a + Math.exp(z - max), 0);
    const weights = logits.map((z, k) => Math.exp(z - max) / sum - (k === label ? 1 : 0));
    return { loss: max + Math.log(sum) - logits[label]!, gradient: backward(activations, weights), logits };
  };
  /** Gradient in the image of Σₖ weights[k]·zₖ. */
  const backward = (activations: readonly Float64Array[], weights: ArrayLike<number>): Float64Array => {
    let delta = Float64Array.from(weights);
    for (let depth = layers.length - 1; depth >= 0; depth--) {
      const { weight, inputs, outputs } = layers[depth]!;
      const input = activations[depth]!;
      const next = new Float64Array(inputs);
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++) next[i] = next[i]! + weight[o * inputs + i]! * delta[o]!;
      if (depth > 0) for (let i = 0; i < inputs; i++) next[i] = next[i]! * input[i]! * (1 - input[i]!);
      delta = next;
    }
    return delta;
  };
  const classifier: ScoreDifferentiable = {
    inputShape,
    classes,
    async logits(images, count) {
      calls.push(count);
      const out = new Float32Array(count * classes);
      for (let r = 0; r < count; r++) out.set(forward(images.subarray(r * n, (r + 1) * n)).at(-1)!, r * classes);
      return out;
    },
    async lossAndGradient(images, labels, count) {
      calls.push(count);
      const loss = new Float64Array(count);
      const gradient = new Float32Array(count * n);
      const logits = new Float32Array(count * classes);
      for (let r = 0; r < count; r++) {
        const row = lossAndGradientOf(images.subarray(r * n, (r + 1) * n), labels[r]!);
        loss[r] = row.loss;
        gradient.set(row.gradient, r * n);
        logits.set(row.logits, r * classes);
      }
      return { loss, gradient, logits };
    },
    async scoreGradient(images, weights, count) {
      calls.push(count);
      const gradient = new Float32Array(count * n);
      const logits = new Float32Array(count * classes);
      for (let r = 0; r < count; r++) {
        const activations = forward(images.subarray(r * n, (r + 1) * n));
        gradient.set(backward(activations, weights.subarray(r * classes, (r + 1) * classes)), r * n);
        logits.set(activations.at(-1)!, r * classes);
      }
      return { gradient, logits };
    },
  };
  return { ...classifier, calls, lossAndGradientOf };
}

const bytes = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const floats = (base64: string) => Float64Array.from(new Float32Array(bytes(base64).buffer));

/** A stored network: "FC10" is softmax regression, "FC16-16-10" has two sigmoid layers. */
export function digitsClassifier(name: keyof typeof digits.models) {
  const stored = digits.models[name];
  const layers = stored.layers.map(
    ({ weight, bias, inputs, outputs }): Dense => ({ weight: floats(weight), bias: floats(bias), inputs, outputs }),
  );
  return { classifier: denseClassifier(layers, [1, 28, 28]), layers, stored };
}

/** MNIST test images 0 … 23 in [0, 1], [24, 1, 28, 28], and their labels. */
export const digitImages = Float32Array.from(bytes(digits.images), (value) => value / 255);
export const digitLabels = Int32Array.from(digits.labels);
export const pixels = 784;
