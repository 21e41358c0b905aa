// How strong is the weight decay of the paper's FC10(λ)? Errors at the exact minimum for several strengths (needs MNIST=DIR)
import { loadMnist } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { evaluator, mlp, trainClassifier } from "@reprise/nn";
import { printMachine } from "./harness.ts";

// Softmax regression is convex: where L-BFGS ends is its answer, and Table 1 prints the errors there.
const { MNIST } = process.env;
if (!MNIST) {
  console.log("skipped: bench/adversarial-decay.ts needs MNIST=DIR, the folder of MNIST's files");
  process.exit(0);
}
printMachine();
const [train, test] = await Promise.all((["train", "test"] as const).map((split) => loadMnist(MNIST, { split })));
const runtime = nodeRuntime({ threads: 1 });
const paper = [
  { lambda: 1e-4, errors: "6.7 / 7.4" },
  { lambda: 1e-2, errors: "10 / 9.4" },
  { lambda: 1, errors: "21.2 / 20" },
];
console.log("training / test error in %, the decay added to the mean cross-entropy\n");
console.log(`| decay | ${paper.map(({ lambda }) => `λ = ${lambda}`).join(" | ")} |\n|---|---|---|---|`);
for (const [name, scale] of [
  ["λ Σw²/10, as printed", 1],
  ["λ/2 Σw²", 5],
  ["λ Σw²", 10],
] as const) {
  const errors: string[] = [];
  for (const { lambda } of paper) {
    const network = mlp({ units: [10], lambda: [scale * lambda] });
    const last = await trainClassifier(runtime, network, {
      examples: train!,
      recipe: { optimizer: "lbfgs", epochs: 400 },
    });
    const scorer = evaluator(runtime, network);
    const [on, off] = [await scorer.evaluate(last.state, train!), await scorer.evaluate(last.state, test!)];
    await scorer.release();
    errors.push([on, off].map(({ accuracy }) => (100 * (1 - accuracy)).toFixed(2)).join(" / "));
  }
  console.log(`| ${name} | ${errors.join(" | ")} |`);
}
console.log(`| the paper, Table 1 | ${paper.map(({ errors }) => errors).join(" | ")} |`);
await runtime.release();
