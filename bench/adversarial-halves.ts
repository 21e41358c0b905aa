// Why do images travel between networks of the two halves of MNIST (Table 4)? The same networks by other trainings (needs MNIST=DIR)
import { amplify, inducedError, meanDistortion, onnxClassifier, perturb } from "@reprise/adversarial";
import { type LabelledImages, mnistHalves } from "@reprise/data";
import { loadMnist } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { evaluator, exportNetwork, isMlp, mlp, networkByName, type Recipe, trainClassifier } from "@reprise/nn";
import { printMachine } from "./harness.ts";

const { MNIST } = process.env;
if (!MNIST) {
  console.log("skipped: bench/adversarial-halves.ts needs MNIST=DIR, the folder of MNIST's files");
  process.exit(0);
}
/** Share of the tables' decay, and settings in place of the recipe's. */
const variants: Readonly<Record<string, { readonly decay: number; readonly recipe?: Partial<Recipe> }>> = {
  "as in the tables": { decay: 1 },
  "a tenth of the decay": { decay: 1 / 10 },
  "λ Σw²/k as printed, 1/300": { decay: 1 / 300 },
  "L-BFGS": { decay: 1, recipe: { optimizer: "lbfgs", epochs: 200 } },
  "L-BFGS, λ Σw²/k as printed": { decay: 1 / 300, recipe: { optimizer: "lbfgs", epochs: 200 } },
};
const only = process.env.ONLY?.split(";");
const images = Number(process.env.ROWS ?? 1000);

printMachine();
const [train, test] = await Promise.all((["train", "test"] as const).map((split) => loadMnist(MNIST, { split })));
const { p1, p2 } = mnistHalves(train!);
const size = test!.images.data.length / test!.labels.data.length;
const clean = test!.images.data.slice(0, images * size);
const labels = test!.labels.data.slice(0, images);
const runtime = nodeWorkerRuntime({ threads: 1 });
console.log(
  `errors in %, images made for the first network of a pair, shown to the second; ${images} test images, one random target each\n`,
);
console.log("A is FC100-100-10 on P1, B FC123-456-10 on P1, C FC100-100-10′ on P2; ×: amplified to 0.1\n");
const cells = ["A→B", "A→C", "B→A", "B→C", "C→A", "C→B"];
console.log(
  `| training | test error A, B, C | distortion A, B, C | ${[...cells, ...cells.map((c) => `${c} ×`)].join(" | ")} |`,
);
console.log(`|---|---|---|${"---|".repeat(2 * cells.length)}`);
console.log(
  "| the paper | 2, 2.1, 2.1 | 0.062, 0.059, 0.058 | 26.2 | 5.9 | 6.25 | 5.1 | 8.2 | 8.2 | 98 | 43 | 96 | 22 | 27 | 50 |",
);
for (const [name, variant] of Object.entries(variants)) {
  if (only && !only.includes(name)) continue;
  const A = await trained("fc100-100-10", p1, 3, variant);
  const B = await trained("fc123-456-10", p1, 4, variant);
  const C = await trained("fc100-100-10", p2, 5, variant);
  const all = { A, B, C } as const;
  const shown: string[] = [];
  const amplified: string[] = [];
  const distortions: string[] = [];
  const adversarial: Record<string, Float32Array> = {};
  for (const [key, { classifier }] of Object.entries(all)) {
    const made = new Float32Array(clean.length);
    const results = await perturb(classifier, clean, labels, { target: "random", callsInFlight: 2 });
    for (const { row, image } of results) made.set(image, row * size);
    adversarial[key] = made;
    distortions.push(meanDistortion(clean, made, images).toFixed(4));
  }
  for (const pair of cells) {
    const [from, to] = pair.split("→") as ["A", "B"];
    const error = async (x: Float32Array) =>
      (100 * (await inducedError(all[to].classifier, x, labels)).rate).toFixed(1);
    shown.push(await error(adversarial[from]!));
    amplified.push(await error(amplify(clean, adversarial[from]!, images, 0.1)));
  }
  const errors = [A, B, C].map(({ testError }) => testError.toFixed(2)).join(", ");
  console.log(`| ${name} | ${errors} | ${distortions.join(", ")} | ${[...shown, ...amplified].join(" | ")} |`);
  for (const { classifier } of [A, B, C]) await classifier.release();
}
await runtime.release();

async function trained(
  name: string,
  examples: LabelledImages,
  seed: number,
  { decay, recipe = {} }: (typeof variants)[string],
) {
  const known = networkByName(name);
  if (!isMlp(known)) throw new Error(`${name} has no layers`);
  const units = Array.from({ length: known.depth }, (_, i) =>
    i + 1 < known.depth ? known.width(i + 1) : known.classes,
  );
  const network = mlp({ ...known, units, lambda: known.lambda.map((lambda) => decay * lambda) });
  const last = await trainClassifier(runtime, network, { examples, seed, recipe });
  const scorer = evaluator(runtime, network);
  const { accuracy } = await scorer.evaluate(last.state, test!);
  await scorer.release();
  const classifier = await onnxClassifier(runtime, exportNetwork(network, last.state), { name, sharpness: 1 });
  return { classifier, testError: 100 * (1 - accuracy) };
}
