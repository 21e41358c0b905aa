// Three training steps of a small network, the same on every runtime: what is compared are the losses.
import {
  add,
  conv,
  gemm,
  type Inputs,
  maxPool,
  type Runtime,
  relu,
  reshape,
  sgd,
  softmaxCrossEntropy,
  Training,
  tensor,
  type Value,
} from "../src/index.ts";

const wave = (length: number, phase: number, scale: number) =>
  Float32Array.from({ length }, (_, i) => scale * Math.sin(phase + 2.7 * i + i * i));

const image = [1, 14, 14];
const parameters = {
  "conv1.weight": [4, 1, 5, 5],
  "conv1.bias": [4, 1, 1],
  "conv2.weight": [8, 4, 2, 2],
  "conv2.bias": [8, 1, 1],
  "fc1.weight": [20, 32],
  "fc1.bias": [20],
  "fc2.weight": [10, 20],
  "fc2.bias": [10],
};
type Name = keyof typeof parameters;

/** A LeNet: two convolutions with pooling, two dense layers. */
function logits(x: Value, w: Inputs<Name>): Value {
  const conv2d = (v: Value, name: "conv1" | "conv2") =>
    maxPool(relu(add(conv(v, w[`${name}.weight`]), w[`${name}.bias`])), { kernel: [2, 2] });
  const dense = (v: Value, name: "fc1" | "fc2") => gemm(v, w[`${name}.weight`], w[`${name}.bias`], { transB: true });
  const h = reshape(conv2d(conv2d(x, "conv1"), "conv2"), [x.shape[0]!, -1]); // [N, 8·2·2]
  return dense(relu(dense(h, "fc1")), "fc2");
}

/** Losses of three steps of stochastic gradient descent with momentum and weight decay on four images. */
export async function threeSteps(runtime: Runtime): Promise<number[]> {
  const count = Object.values(parameters).reduce((n, shape) => n + shape.reduce((a, b) => a * b), 0);
  const training = await Training.start(
    runtime,
    {
      parameters,
      optimizer: sgd({ momentum: 0.9, weightDecay: 1e-3 }),
      forward: (w: Inputs<Name>, { x, t }: Inputs<"x" | "t">) => ({ loss: softmaxCrossEntropy(logits(x, w), t) }),
    },
    { parameters: wave(count, 1, 0.2) },
  );
  const x = tensor("float32", [4, ...image], wave(4 * image.reduce((a, b) => a * b), 2, 1));
  const t = tensor("int64", [4], [1, 7, 3, 0]);
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await training.run({ x, t }, { learningRate: 0.1 })).loss);
  await training.release();
  return losses;
}
