// The attack of Szegedy et al. on an imported ResNet-18 at 224² (random weights) against SciPy's L-BFGS-B over PyTorch, same rule for c. NET, ROWS, ROUNDS, ITERATIONS, ONLY.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { onnxClassifier, type Perturbation, type PerturbOptions, perturb, predictedLabel } from "@reprise/adversarial";
import { nodeRuntime } from "@reprise/engine/node";
import { compare, printMachine, pythonPeer, seconds, timedClassifier } from "./harness.ts";

interface Attacked {
  readonly seconds: number;
  readonly distortions: (number | null)[];
  readonly gradients: number[];
}

const name = process.env.NET ?? "resnet18";
const threads = Number(process.env.THREADS ?? availableParallelism());
const rows = Number(process.env.ROWS ?? 2);
/** PyTorch's side attacks so many of the rows in each round, others in every round. */
const theirRows = Number(process.env.PEER_ROWS ?? 1);
const rounds = Number(process.env.ROUNDS ?? 3);
/** Iterations of a problem, for both sides; SciPy's 200 of bench/adversarial.ts would take minutes an image. */
const maxIterations = Number(process.env.ITERATIONS ?? 10);

printMachine();
const peer = await pythonPeer(
  "torch_input_gradient.py",
  ["torch", "torchvision", "scipy"],
  [String(threads), String(rows)],
);
if (!peer) process.exit(0);
const folder = mkdtempSync(join(tmpdir(), "reprise-bench-"));
const runtime = nodeRuntime({ threads });
try {
  await peer.ask({ export: name, folder });
  const bytes = readFileSync(join(folder, `${name}.onnx`));
  const images = new Float32Array(new Uint8Array(readFileSync(join(folder, "x.bin"))).buffer);
  const classifier = await onnxClassifier(runtime, bytes, { name, sharpness: 1 });
  const logits = await classifier.logits(images, rows);
  const labels = Int32Array.from({ length: rows }, (_, row) =>
    predictedLabel(logits.subarray(row * classifier.classes, (row + 1) * classifier.classes)),
  );
  const target = labels.map((label, row) => (label + 1 + 37 * row) % classifier.classes);
  console.log(`${name}, ${threads} threads, targets that have nothing to do with the image`);

  // "As SciPy solves it" starts every problem anew and stops by SciPy's rules, so that only the machinery differs.
  const asTheirs: PerturbOptions = {
    warmStart: false,
    polishSteps: 0,
    pairs: 10,
    reductionFactor: 1e7,
    projectedGradientTolerance: 1e-5,
  };
  const timed = timedClassifier(classifier);
  for (const [what, options] of [
    ["the search as it comes", {}],
    ["every problem as SciPy solves it", asTheirs],
  ] as const) {
    if (process.env.ONLY && !what.includes(process.env.ONLY)) continue;
    let results: Perturbation[] = [];
    let total = 0;
    const theirs = new Map<number, { distortion: number | null; gradients: number }>();
    let round = 0;
    await compare(
      `  seconds an image, ${what}`,
      {
        name: "Reprise",
        run: async () => {
          timed.inside = 0;
          total = await seconds(async () => {
            results = await perturb(timed, images, labels, { target, maxIterations, ...options });
          });
          return total / rows;
        },
      },
      {
        name: "SciPy and PyTorch",
        run: async () => {
          const chosen = Array.from({ length: theirRows }, (_, i) => (round * theirRows + i) % rows);
          round++;
          const answer = await peer.ask<Attacked>({
            attack: name,
            rows: chosen,
            targets: chosen.map((row) => target[row]),
            maxiter: maxIterations,
          });
          for (const [i, row] of chosen.entries())
            theirs.set(row, { distortion: answer.distortions[i]!, gradients: answer.gradients[i]! });
          return answer.seconds / theirRows;
        },
      },
      { rounds, goal: 1.8 },
    );
    const both = results.filter(({ row, status }) => status === "success" && theirs.get(row)?.distortion);
    console.log(
      `  reached ${results.filter(({ status }) => status === "success").length} of ${rows}, theirs ` +
        `${[...theirs.values()].filter(({ distortion }) => distortion !== null).length} of ${theirs.size}; on the ${both.length} rows of both ` +
        `distortion: ours ${mean(both.map((r) => r.distortion)).toExponential(3)}, theirs ${mean(both.map(({ row }) => theirs.get(row)!.distortion!)).toExponential(3)}; ` +
        `gradients an image: ours ${mean(both.map((r) => r.gradients)).toFixed(0)}, theirs ${mean(both.map(({ row }) => theirs.get(row)!.gradients)).toFixed(0)}\n` +
        `  calls of the model take ${((1e3 * timed.inside) / rows).toFixed(0)} ms an image, the attack ${((1e3 * total) / rows).toFixed(0)} ms: ` +
        `${((100 * (total - timed.inside)) / total).toFixed(1)} % is spent outside of them`,
    );
  }
  const [frozen, unfrozen] = [
    await peer.ask<Attacked>({ attack: name, rows: [0], targets: [target[0]], maxiter: 2 }),
    await peer.ask<Attacked>({ attack: name, rows: [0], targets: [target[0]], maxiter: 2, weights: "trainable" }),
  ];
  console.log(
    `  above, PyTorch's weights are frozen; where they are not, backward() computes their gradients too, and the first ` +
      `image, two iterations a problem, takes it ${unfrozen.seconds.toFixed(1)} s instead of ${frozen.seconds.toFixed(1)} s`,
  );
  await classifier.release();
} finally {
  await runtime.release();
  rmSync(folder, { recursive: true });
  peer.close();
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
