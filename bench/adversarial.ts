// The attack of Szegedy et al. on 500 images in shared batches against SciPy's L-BFGS-B an image at a time, same rule for c (needs MNIST=DIR)
import { type DifferentiableClassifier, onnxClassifier, type Perturbation, perturb } from "@reprise/adversarial";
import { exportOnnx, flatten, Graph, gemm, operators, sigmoid, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { compare, type Peer, printMachine, pythonPeer, type Side, seconds } from "./harness.ts";

interface Trained {
  readonly testError: number;
  readonly images: string;
  readonly labels: number[];
  readonly layers: {
    readonly weight: string;
    readonly bias: string;
    readonly inputs: number;
    readonly outputs: number;
  }[];
}

const folder = process.env.MNIST;
const threads = Number(process.env.THREADS ?? 1);
const rows = Number(process.env.ROWS ?? 500);
/** SciPy is slow: each round it attacks this many of the same rows, others in every round. */
const theirRows = Number(process.env.PEER_ROWS ?? 10);
const rounds = Number(process.env.ROUNDS ?? 5);

if (!folder) {
  console.log("skipped: bench/adversarial.ts needs MNIST=DIR, the folder of MNIST's four .gz files");
  process.exit(0);
}
printMachine();
const peer = await pythonPeer("adversarial_scipy.py", ["torch", "scipy"], [folder, String(threads)]);
if (!peer) process.exit(0);
const runtime = nodeRuntime({ threads });
for (const [name, epochs] of [
  ["FC10(1e-4)", 6],
  ["FC100-100-10", 12],
] as const)
  await benchmark(name, epochs, peer);
peer.close();
await runtime.release();

async function benchmark(name: string, epochs: number, peer: Peer): Promise<void> {
  const trained = await peer.ask<Trained>({ train: name, epochs, rows });
  const classifier = await onnxClassifier(runtime, toOnnx(trained.layers), { name, sharpness: 1 });
  const images = floats(trained.images);
  const labels = trained.labels;
  const targets = Int32Array.from(labels, (label, row) => (label + 1 + ((row * 7) % 9)) % 10);
  console.log(`${name}: test error ${(100 * trained.testError).toFixed(2)} %, ${threads} thread(s)`);

  let results: Perturbation[] = [];
  const ours: Side = {
    name: `Reprise, ${rows} rows`,
    run: async () =>
      (await seconds(async () => {
        results = await perturb(classifier, images, labels, { target: targets });
      })) / rows,
  };
  const theirDistortion = new Map<number, number>();
  let round = 0;
  const theirs: Side = {
    name: "SciPy per image",
    run: async () => {
      const chosen = Array.from({ length: theirRows }, (_, i) => (round * theirRows + i) % rows);
      round++;
      const answer = await peer.ask<{ seconds: number; distortions: (number | null)[] }>({
        attack: name,
        rows: chosen,
        targets: chosen.map((row) => targets[row]),
      });
      for (const [i, distortion] of answer.distortions.entries())
        if (distortion !== null) theirDistortion.set(chosen[i]!, distortion);
      return answer.seconds / theirRows;
    },
  };
  await compare(`  seconds an image`, ours, theirs, { rounds, goal: 8 });
  const attacked = results.filter(({ status }) => status !== "alreadyTarget");
  const both = attacked.filter(({ row }) => theirDistortion.has(row));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  console.log(
    `  reached ${attacked.filter(({ status }) => status === "success").length} of ${attacked.length}; ` +
      `distortion on the ${both.length} rows of both: ours ${mean(both.map((r) => r.distortion)).toFixed(5)}, ` +
      `SciPy's ${mean(both.map((r) => theirDistortion.get(r.row)!)).toFixed(5)}; ` +
      `ours takes ${mean(attacked.map((r) => r.evaluations)).toFixed(0)} gradients an image`,
  );
  const network = await gradientSeconds(classifier, images, targets);
  const search = (await ours.run()) / mean(attacked.map((r) => r.evaluations));
  console.log(
    `  a gradient: ${(1e6 * network).toFixed(1)} µs a row in full batches; with the search around it ${(1e6 * search).toFixed(1)} µs`,
  );
  await classifier.release();
}

/** Seconds a row for loss and gradient in batches of 128. */
async function gradientSeconds(classifier: DifferentiableClassifier, images: Float32Array, labels: Int32Array) {
  const count = Math.min(128, labels.length);
  const n = images.length / labels.length;
  const repeat = 50;
  const work = async () => {
    for (let i = 0; i < repeat; i++)
      await classifier.lossAndGradient(images.subarray(0, count * n), labels.subarray(0, count), count);
  };
  await work();
  return (await seconds(work)) / (repeat * count);
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

function toOnnx(layers: Trained["layers"]): Uint8Array {
  const graph = new Graph(operators);
  let value: Value = flatten(graph.input("images", "float32", [1, 1, 28, 28]));
  for (const [depth, { weight, bias, inputs, outputs }] of layers.entries()) {
    const W = graph.constant(tensor("float32", [outputs, inputs], floats(weight)));
    value = gemm(value, W, graph.constant(tensor("float32", [outputs], floats(bias))), { transB: true });
    if (depth < layers.length - 1) value = sigmoid(value);
  }
  graph.output("logits", value);
  return exportOnnx(graph, { dynamic: { images: ["N"], logits: ["N"] } });
}
