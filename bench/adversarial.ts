// The attack of Szegedy et al. on 500 images against SciPy's L-BFGS-B an image at a time, same rule for c, and 50 images as one problem (needs MNIST=DIR)
import { onnxClassifier, type Perturbation, perturb } from "@reprise/adversarial";
import { exportOnnx, flatten, Graph, gemm, operators, sigmoid, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { compare, type Peer, printMachine, pythonPeer, type Side, seconds, timedClassifier } from "./harness.ts";

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
  if (!process.env.NET || name.startsWith(process.env.NET)) await benchmark(name, epochs, peer);
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
  const timed = timedClassifier(classifier);
  const ours: Side = {
    name: `Reprise, ${rows} rows`,
    run: async () =>
      (await seconds(async () => {
        timed.inside = 0;
        results = await perturb(timed, images, labels, { target: targets });
      })) / rows,
  };
  const peers = [
    { ask: "attack", name: "SciPy per image", count: theirRows, goal: 10 },
    { ask: "coupled", name: "50 images as one problem", count: 50, goal: 1 },
  ].map(({ ask, name: side, count, goal }) => {
    const distortions = new Map<number, number | null>();
    let round = 0;
    const run = async () => {
      const chosen = Array.from({ length: count }, (_, i) => (round * count + i) % rows);
      round++;
      const answer = await peer.ask<{ seconds: number; distortions: (number | null)[] }>({
        [ask]: name,
        rows: chosen,
        targets: chosen.map((row) => targets[row]),
      });
      for (const [i, distortion] of answer.distortions.entries()) distortions.set(chosen[i]!, distortion);
      return answer.seconds / count;
    };
    return { side: { name: side, run }, goal, distortions };
  });
  for (const { side, goal, distortions } of peers) {
    await compare("  seconds an image", ours, side, { rounds, goal });
    const attacked = results.filter(({ status }) => status !== "alreadyAdversarial");
    const theirs = attacked.filter(({ row }) => distortions.has(row));
    const both = theirs.filter(({ row }) => distortions.get(row) !== null);
    console.log(
      `  reached ${attacked.filter(({ status }) => status === "success").length} of ${attacked.length}, ` +
        `theirs ${both.length} of ${theirs.length}; distortion on the ${both.length} rows of both: ` +
        `ours ${mean(both.map((r) => r.distortion)).toFixed(5)}, theirs ${mean(both.map(({ row }) => distortions.get(row)!)).toFixed(5)}`,
    );
  }
  const attacked = results.filter(({ status }) => status !== "alreadyAdversarial");
  const total = (await ours.run()) * rows;
  console.log(
    `  ${mean(attacked.map((r) => r.gradients)).toFixed(0)} gradients an image; the calls of the model alone take ` +
      `${((1e3 * timed.inside) / rows).toFixed(2)} ms an image, the attack ${((1e3 * total) / rows).toFixed(2)} ms: ` +
      `${((100 * (total - timed.inside)) / total).toFixed(0)} % is spent outside of them`,
  );
  await classifier.release();
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
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
