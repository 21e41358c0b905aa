// The training workloads that engine-train.ts and engine-web.ts measure.
import { Random } from "@reprise/data";
import {
  conv,
  gemm,
  type Inputs,
  type Layout,
  maxPool,
  type Runtime,
  relu,
  reshape,
  sgd,
  sigmoid,
  softmaxCrossEntropy,
  Training,
  tensor,
  type Value,
  type Values,
} from "@reprise/engine";
import { imageNetwork, initialWeights, type Network, resnetCifar } from "@reprise/nn";

export interface Workload {
  readonly parameters: Layout;
  readonly buffers?: Layout;
  readonly start: { readonly parameters: Float32Array; readonly buffers?: Float32Array };
  readonly input: readonly number[];
  /** Steps in one round. */
  readonly steps: number;
  readonly rounds: number;
  /** Multiplications and additions of a step: the arithmetic floor. */
  readonly gflop: number;
  readonly goal: number;
  forward(p: Values, x: Value, buffers: Values): { readonly logits: Value; readonly buffers?: Values };
}

const linear = (p: Values, name: string, x: Value) =>
  gemm(x, p[`${name}.weight`]!, p[`${name}.bias`]!, { transB: true });
const waves = (layout: Layout) => {
  const size = Object.values(layout).reduce((n, shape) => n + shape.reduce((a, b) => a * b, 1), 0);
  return { parameters: Float32Array.from({ length: size }, (_, i) => 0.05 * Math.sin(i * 12.9898)) };
};
const mlp: Layout = {
  "a.weight": [100, 784],
  "a.bias": [100],
  "b.weight": [100, 100],
  "b.bias": [100],
  "c.weight": [10, 100],
  "c.bias": [10],
};
const lenet: Layout = {
  "a.weight": [32, 1, 5, 5],
  "a.bias": [32],
  "b.weight": [64, 32, 5, 5],
  "b.bias": [64],
  "c.weight": [256, 3136],
  "c.bias": [256],
  "d.weight": [10, 256],
  "d.bias": [10],
};
const network = (net: Network, input: readonly number[]) => ({
  parameters: net.parameters,
  ...(net.buffers && { buffers: net.buffers }),
  start: initialWeights(net, new Random(0)),
  input,
  forward: (p: Values, x: Value, buffers: Values) => net.forward(p, x, { training: true, buffers }),
});

export const workloads: Record<string, () => Workload> = {
  mlp: () => ({
    parameters: mlp,
    start: waves(mlp),
    input: [128, 1, 28, 28],
    steps: 200,
    rounds: 9,
    gflop: 0.0675, // 89,400 weights · 2 · 3 passes · 128, less the first layer's dX
    goal: 1.2,
    forward: (p, x) => ({
      logits: linear(p, "c", sigmoid(linear(p, "b", sigmoid(linear(p, "a", reshape(x, [128, 784])))))),
    }),
  }),
  lenet: () => ({
    parameters: lenet,
    start: waves(lenet),
    input: [128, 1, 28, 28],
    steps: 5,
    rounds: 9,
    gflop: 9.0, // conv2 2.57 · 3, conv1 0.16 · 2, fully connected 0.21 · 3
    goal: 0.8,
    forward: (p, x) => {
      const a = maxPool(relu(conv(x, p["a.weight"]!, p["a.bias"]!, { pads: [2, 2] })), { kernel: [2, 2] });
      const b = maxPool(relu(conv(a, p["b.weight"]!, p["b.bias"]!, { pads: [2, 2] })), { kernel: [2, 2] });
      return { logits: linear(p, "d", relu(linear(p, "c", reshape(b, [128, 3136])))) };
    },
  }),
  resnet20: () => ({
    ...network(resnetCifar({ depth: 20 }), [128, 3, 32, 32]),
    steps: 2,
    rounds: 7,
    gflop: 31.1,
    goal: 0.65,
  }), // 40.55 M multiplications an image · 2 · 3 · 128
  resnet50: () => ({
    ...network(imageNetwork("resnet50", {}), [4, 3, 224, 224]),
    steps: 2,
    rounds: 7,
    gflop: 98,
    goal: 0.9,
  }), // 4.09 G an image · 2 · 3 · 4
};

/** A training of the workload, and a function that takes steps and gives the milliseconds of one. */
export async function startTraining(
  runtime: Runtime,
  work: Workload,
): Promise<{ steps(count: number): Promise<number>; release(): Promise<void> }> {
  const training = await Training.start(
    runtime,
    {
      parameters: work.parameters,
      ...(work.buffers && { buffers: work.buffers }),
      optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
      forward: (p, { x, t }: Inputs<"x" | "t">, b) => {
        const { logits, buffers } = work.forward(p, x, b);
        return { loss: softmaxCrossEntropy(logits, t), ...(buffers && { buffers }) };
      },
    },
    work.start,
  );
  const [N] = work.input as [number];
  const size = work.input.reduce((a, b) => a * b, 1);
  const x = tensor(
    "float32",
    work.input,
    Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
  );
  const t = tensor(
    "int64",
    [N],
    Array.from({ length: N }, (_, i) => i % 10),
  );
  return {
    async steps(count) {
      const start = performance.now();
      for (let i = 0; i < count; i++) await training.run({ x, t }, { learningRate: 0.01 });
      return (performance.now() - start) / count;
    },
    release: () => training.release(),
  };
}
