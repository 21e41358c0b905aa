// A network on a data set: logits in batches, loss and accuracy.
import {
  compile,
  formatShape,
  type Layout,
  type Runtime,
  ShapeError,
  sizeOf,
  type Tensor,
  tensor,
  type Values,
} from "@reprise/engine";
import { checkLabels, countExamples, type Examples } from "./batches.ts";
import { type Network, type Weights, weightsByName } from "./network.ts";

export interface Evaluation {
  /** Examples in all. */
  readonly count: number;
  /** Those whose largest logit is not at the label. */
  readonly errors: number;
  /** In [0, 1]. */
  readonly accuracy: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** The class of the largest logit of each example, [M]. */
  readonly predictions: Uint32Array;
}

export interface Evaluator {
  /** Logits [M, K], row-major, of float32 images [M, …inputShape]. */
  logits(weights: Weights, images: Tensor, options?: { readonly signal?: AbortSignal }): Promise<Float32Array>;
  evaluate(weights: Weights, examples: Examples, options?: { readonly signal?: AbortSignal }): Promise<Evaluation>;
  release(): Promise<void>;
}

/** A network compiled for inference with weights that may change from call to call. */
export function evaluator(runtime: Runtime, network: Network, { batchSize = 500 } = {}): Evaluator {
  const named = (prefix: string, layout: Layout, values: Values) =>
    Object.fromEntries(Object.keys(layout).map((name) => [name, values[prefix + name]!]));
  // Purpose "train": the weights are inputs, so there is nothing to fold, and light rewriting loads faster.
  const compiled = compile<string, "logits">(
    runtime,
    ({ x, ...values }) => {
      const buffers = named("b.", network.buffers ?? {}, values);
      return { logits: network.forward(named("p.", network.parameters, values), x!, { buffers }).logits };
    },
    { purpose: "train" },
  );
  const logits: Evaluator["logits"] = async (weights, images, { signal } = {}) => {
    const [count = 0, ...shape] = images.shape;
    const size = sizeOf(network.inputShape);
    if (images.dtype !== "float32" || images.shape.length < 2 || sizeOf(shape) !== size) {
      throw new ShapeError(
        `${network.name}: images are ${images.dtype} ${formatShape(images.shape)}; expected float32 [M, ${network.inputShape.join(", ")}]`,
      );
    }
    const { parameters, buffers } = weightsByName(network, weights);
    const feeds: Record<string, Tensor> = {};
    for (const [name, value] of Object.entries(parameters)) feeds[`p.${name}`] = value;
    for (const [name, value] of Object.entries(buffers)) feeds[`b.${name}`] = value;
    const source = images.data as Float32Array;
    const result = new Float32Array(count * network.classes);
    for (let at = 0; at < count; at += batchSize) {
      signal?.throwIfAborted();
      const rows = Math.min(batchSize, count - at);
      // The last batch is filled up with zeros: one session does for all, and a row's logits depend on it alone.
      let x = source.slice(at * size, (at + rows) * size); // a view would take the whole set to a runtime in a worker
      if (rows < batchSize) {
        const filled = new Float32Array(batchSize * size);
        filled.set(x);
        x = filled;
      }
      const out = await compiled.run({ ...feeds, x: tensor("float32", [batchSize, ...network.inputShape], x) });
      result.set((out.logits.data as Float32Array).subarray(0, rows * network.classes), at * network.classes);
    }
    return result;
  };
  return {
    logits,
    async evaluate(weights, examples, options) {
      const count = countExamples(examples, network.inputShape);
      checkLabels(examples, network.classes);
      return score(await logits(weights, examples.images, options), examples.labels, network.classes, count);
    },
    release: () => compiled.release(),
  };
}

function score(logits: Float32Array, labels: Tensor, K: number, count: number): Evaluation {
  let errors = 0;
  let loss = 0;
  const predictions = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    const at = row * K;
    let best = 0;
    for (let k = 1; k < K; k++) if (logits[at + k]! > logits[at + best]!) best = k;
    predictions[row] = best;
    const top = logits[at + best]!;
    let sum = 0;
    for (let k = 0; k < K; k++) sum += Math.exp(logits[at + k]! - top);
    const label = Number(labels.data[row]);
    loss += Math.log(sum) + top - logits[at + label]!;
    if (best !== label || !Number.isFinite(top)) errors++;
  }
  return { count, errors, accuracy: (count - errors) / count, loss: loss / count, predictions };
}
