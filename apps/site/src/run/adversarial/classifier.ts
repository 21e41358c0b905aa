// A trained network (ONNX) as what the attack needs: logits, and the loss with its gradient in the image.
import type { DifferentiableClassifier } from "@reprise/adversarial";
import {
  compile,
  gradient,
  type Inputs,
  importOnnx,
  ModelError,
  type Runtime,
  reduceSum,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
} from "@reprise/engine";

export interface Classifier extends DifferentiableClassifier {
  readonly name: string;
  release(): Promise<void>;
}

/**
 * A classifier of 28×28 digits. Calls are filled up to `batch` rows, so that a row meets the same kernels whatever it
 * is called with; longer ones are cut.
 *
 * @throws ModelError when the model does not take [N, 1, 28, 28] and give [N, K]
 */
export function digitClassifier(bytes: Uint8Array, name: string, runtime: Runtime, batch: number): Classifier {
  const model = importOnnx(bytes, { name });
  const [input, output] = [model.inputs[0], model.outputs[0]];
  const classes = output?.shape?.[1];
  if (!input || !output || model.inputs.length !== 1 || typeof classes !== "number")
    throw new ModelError(`${name}: expected one input [N, 1, 28, 28] and scores [N, K] as the first output`);
  const n = 784;
  const scores = (x: Inputs<"x">["x"]) => model.apply({ [input.name]: x })[output.name]!;
  const forward = compile(runtime, ({ x }: Inputs<"x">) => ({ logits: scores(x) }), { purpose: "infer" });
  const backward = compile(
    runtime,
    ({ x, labels }: Inputs<"x" | "labels">) => {
      const logits = scores(x);
      const loss = softmaxCrossEntropy(logits, labels, { reduction: "none" });
      // Rows do not meet: the gradient of the sum holds every row's own.
      return { loss, logits, gradient: gradient(reduceSum(loss), [x])[0]! };
    },
    { purpose: "infer" },
  );
  const images = new Float32Array(batch * n);
  const fill = (from: Float32Array, start: number, count: number) => {
    images.set(from.subarray(start * n, (start + count) * n));
    return tensor("float32", [batch, 1, 28, 28], images);
  };

  function* chunks(count: number) {
    for (let start = 0; start < count; start += batch) yield { start, rows: Math.min(batch, count - start) };
  }
  const take = (from: Tensor, rows: number, width: number) => (from.data as Float32Array).subarray(0, rows * width);

  return {
    name,
    inputShape: [1, 28, 28],
    classes,
    async logits(given, count) {
      const logits = new Float32Array(count * classes);
      for (const { start, rows } of chunks(count)) {
        const answer = await forward.run({ x: fill(given, start, rows) });
        logits.set(take(answer.logits, rows, classes), start * classes);
      }
      return logits;
    },
    async lossAndGradient(given, targets, count) {
      const loss = new Float32Array(count);
      const logits = new Float32Array(count * classes);
      const slope = new Float32Array(count * n);
      for (const { start, rows } of chunks(count)) {
        const labels = new BigInt64Array(batch);
        for (let i = 0; i < rows; i++) labels[i] = BigInt(targets[start + i]!);
        const answer = await backward.run({
          x: fill(given, start, rows),
          labels: { dtype: "int64", shape: [batch], data: labels },
        });
        loss.set(take(answer.loss, rows, 1), start);
        logits.set(take(answer.logits, rows, classes), start * classes);
        slope.set(take(answer.gradient, rows, n), start * n);
      }
      return { loss, gradient: slope, logits };
    },
    async release() {
      await forward.release();
      await backward.release();
    },
  };
}
