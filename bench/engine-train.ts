// Training steps: MLP, LeNet (ResNet-20 and bottlenecks once batch normalisation trains) against PyTorch, same machine and threads.
import { availableParallelism } from "node:os";
import {
  conv,
  gemm,
  type Inputs,
  type Layout,
  maxPool,
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
import { nodeRuntime } from "@reprise/engine/node";
import { compare, printMachine, pythonPeer, type Side, seconds } from "./harness.ts";

interface Net {
  readonly parameters: Layout;
  readonly input: readonly number[];
  readonly steps: number;
  readonly goal: number;
  logits(p: Values, x: Value): Value;
}

const linear = (p: Values, name: string, x: Value) =>
  gemm(x, p[`${name}.weight`]!, p[`${name}.bias`]!, { transB: true });
const nets: Record<string, Net> = {
  mlp: {
    parameters: {
      "a.weight": [100, 784],
      "a.bias": [100],
      "b.weight": [100, 100],
      "b.bias": [100],
      "c.weight": [10, 100],
      "c.bias": [10],
    },
    input: [128, 1, 28, 28],
    steps: 200,
    goal: 1.2,
    logits: (p, x) => linear(p, "c", sigmoid(linear(p, "b", sigmoid(linear(p, "a", reshape(x, [128, 784])))))),
  },
  lenet: {
    parameters: {
      "a.weight": [32, 1, 5, 5],
      "a.bias": [32],
      "b.weight": [64, 32, 5, 5],
      "b.bias": [64],
      "c.weight": [256, 3136],
      "c.bias": [256],
      "d.weight": [10, 256],
      "d.bias": [10],
    },
    input: [128, 1, 28, 28],
    steps: 5,
    goal: 0.8,
    logits: (p, x) => {
      const a = maxPool(relu(conv(x, p["a.weight"]!, p["a.bias"]!, { pads: [2, 2] })), { kernel: [2, 2] });
      const b = maxPool(relu(conv(a, p["b.weight"]!, p["b.bias"]!, { pads: [2, 2] })), { kernel: [2, 2] });
      return linear(p, "d", relu(linear(p, "c", reshape(b, [128, 3136]))));
    },
  },
};

async function ourSide(net: Net, threads: number): Promise<Side> {
  const runtime = nodeRuntime({ threads });
  const size = Object.values(net.parameters).reduce((n, shape) => n + shape.reduce((a, b) => a * b, 1), 0);
  const training = await Training.start(
    runtime,
    {
      parameters: net.parameters,
      optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
      forward: (p, { x, t }: Inputs<"x" | "t">) => ({ loss: softmaxCrossEntropy(net.logits(p, x), t) }),
    },
    { parameters: Float32Array.from({ length: size }, (_, i) => 0.05 * Math.sin(i * 12.9898)) },
  );
  const [N] = net.input as [number];
  const x = tensor(
    "float32",
    net.input,
    Float32Array.from({ length: net.input.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)),
  );
  const t = tensor(
    "int64",
    [N],
    Array.from({ length: N }, (_, i) => i % 10),
  );
  return {
    name: "Reprise",
    run: async () =>
      (await seconds(async () => {
        for (let i = 0; i < net.steps; i++) await training.run({ x, t }, { learningRate: 0.01 });
      })) / net.steps,
  };
}

printMachine();
const threads = Number(process.env.THREADS ?? availableParallelism());
const peer = await pythonPeer("torch_train.py", ["torch"], [String(threads)]);
const only = process.env.NET?.split(",");
for (const [name, net] of Object.entries(nets)) {
  if (only && !only.includes(name)) continue;
  const ours = await ourSide(net, threads);
  if (!peer) {
    console.log(`${name}: ${(await ours.run()) * 1e3} ms a step, no peer to compare with`);
    continue;
  }
  const theirs: Side = {
    name: "PyTorch",
    run: async () => (await peer.ask<{ seconds: number }>({ net: name, steps: net.steps })).seconds / net.steps,
  };
  await compare(`${name}, batch ${net.input[0]}, ${threads} threads`, ours, theirs, { goal: net.goal });
}
peer?.close();
