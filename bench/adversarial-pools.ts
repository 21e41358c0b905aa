// What do pools of adversarial examples (§4.2) do to FC100-100-10? By errors on training images kept apart (needs MNIST=DIR)
import { trainAdversarially } from "@reprise/adversarial/training";
import { sliceRows } from "@reprise/data";
import { loadMnist } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { evaluator, isMlp, mlp, networkByName, trainClassifier } from "@reprise/nn";
import { printMachine } from "./harness.ts";

const { MNIST } = process.env;
if (!MNIST) {
  console.log("skipped: bench/adversarial-pools.ts needs MNIST=DIR, the folder of MNIST's files");
  process.exit(0);
}
const seeds = (process.env.SEEDS ?? "0,1,2").split(",").map(Number);
const epochs = Number(process.env.EPOCHS ?? 12);
const count = Number(process.env.COUNT ?? 20_000);
const images = [0];
const all = [0, 1, 2];

/** Share of the tables' weight decay, and what is trained on besides. */
const variants = [
  { name: "weight decay alone", decay: 1 },
  { name: "weight decay alone", decay: 0.2 },
  { name: "weight decay alone", decay: 1 / 30 },
  { name: "dropout of 0.1", decay: 1, dropout: 0.1 },
  { name: "dropout of 0.1", decay: 0.2, dropout: 0.1 },
  { name: "dropout of 0.2", decay: 1 / 30, dropout: 0.2 },
  { name: "images, weight 0.1", decay: 1, pool: { layers: images, weight: 0.1 } },
  { name: "images, weight 0.1", decay: 0.2, pool: { layers: images, weight: 0.1 } },
  { name: "images, weight 0.1", decay: 1 / 30, pool: { layers: images, weight: 0.1 } },
  { name: "images, weight 0.02", decay: 1 / 30, pool: { layers: images, weight: 0.02 } },
  { name: "every layer, weight 0.1", decay: 0.2, pool: { layers: all, weight: 0.1 } },
  { name: "every layer, weight 0.1", decay: 1 / 30, pool: { layers: all, weight: 0.1 } },
  { name: "every layer, weight 0.02", decay: 1 / 30, pool: { layers: all, weight: 0.02 } },
  { name: "last hidden layer, weight 0.1", decay: 0.2, pool: { layers: [2], weight: 0.1 } },
  { name: "images half way, weight 0.3", decay: 1 / 30, pool: { layers: images, weight: 0.3, overshoot: -0.5 } },
  { name: "images half way, weight 0.3", decay: 0.2, pool: { layers: images, weight: 0.3, overshoot: -0.5 } },
  { name: "every layer half way, weight 0.3", decay: 1 / 30, pool: { layers: all, weight: 0.3, overshoot: -0.5 } },
];

printMachine();
const train = await loadMnist(MNIST, { split: "train" });
const part = (from: number, to: number) => ({
  images: sliceRows(train.images, from, to),
  labels: sliceRows(train.labels, from, to),
});
const [examples, apart] = [part(0, count), part(50_000, 60_000)];
const known = networkByName("fc100-100-10");
if (!isMlp(known)) throw new Error("fc100-100-10 has no layers");
const runtime = nodeWorkerRuntime({ threads: 1 });
console.log(
  `errors in % on 10,000 training images kept apart; ${count} learned from, ${epochs} epochs, seeds ${seeds}\n`,
);
console.log("| trained with | decay, of the tables' | errors, mean | by seed | seconds |\n|---|---|---|---|---|");
for (const { name, decay, dropout = 0, pool } of variants) {
  const lambda = known.lambda.map((l) => decay * l);
  const network = mlp({ ...known, units: [100, 100, 10], lambda, dropout });
  const errors: number[] = [];
  const started = performance.now();
  for (const seed of seeds) {
    const options = { examples, seed, recipe: { epochs } };
    const last = pool
      ? await trainAdversarially(runtime, network, { ...options, pool })
      : await trainClassifier(runtime, network, options);
    const scorer = evaluator(runtime, network);
    errors.push(100 * (1 - (await scorer.evaluate(last.state, apart)).accuracy));
    await scorer.release();
  }
  const seconds = ((performance.now() - started) / 1000 / seeds.length).toFixed(0);
  const texts = errors.map((error) => error.toFixed(2));
  console.log(
    `| ${name} | ${decay.toFixed(3)} | ${(errors.reduce((a, b) => a + b) / errors.length).toFixed(2)} | ${texts.join(", ")} | ${seconds} |`,
  );
}
await runtime.release();
