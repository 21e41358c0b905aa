// Trains the encoder of the page's panel on generated videos of pouring and ships it with weights of 8 bits:
//   node tools/run.mjs tools/ship-tcc-model.ts
// One thread: the same bytes each time.
import { fileURLToPath } from "node:url";
import { type PouringOptions, pouringVideos } from "@reprise/data";
import { createFolder, writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { alignmentTau, decodeModel, embed, encodeModel, encoderOf, rawFrames, train, untrained } from "@reprise/tcc";

const command = "node tools/run.mjs tools/ship-tcc-model.ts";
const out = fileURLToPath(new URL("../apps/site/content/journals/corr/abs-1904-07846/models/", import.meta.url));
const level = "medium" as const;
const [videos, heldOut] = [draw(160, { seed: 1, level }), draw(10, { seed: 2, level })];
const settings = { steps: 700, seed: 0 };

function draw(count: number, options: PouringOptions) {
  return pouringVideos(count, options).map(({ shape, frames }, i) => ({ name: `pouring ${i}`, shape, data: frames }));
}

const runtime = nodeRuntime({ threads: 1 });
const begun = process.cpuUsage();
const model = await train(runtime, videos, {
  heldOut,
  settings,
  onProgress(event) {
    if (event.kind === "validation") console.log(`step ${event.done}: τ ${event.tau?.toFixed(3)}`);
  },
});
const { user, system } = process.cpuUsage(begun);
const bytes = encodeModel(model, {
  settings: model.settings,
  step: model.step,
  tau: model.tau,
  command,
  precision: "int8",
});
const tauOf = async ({ spec, parameters }: Pick<typeof model, "spec" | "parameters">) =>
  alignmentTau(await embed(runtime, encoderOf(spec), parameters, heldOut), { stride: 2 }).tau;
const told = {
  file: "pouring-small.safetensors",
  command,
  seed: settings.seed,
  steps: settings.steps,
  step: model.step,
  data: { generator: "pouringVideos", level, videos: videos.length, seed: 1, heldOut: heldOut.length, heldOutSeed: 2 },
  kendallTau: await tauOf(decodeModel(bytes, "the model")),
  kendallTauFloat32: model.tau,
  kendallTauRandom: await tauOf(untrained(videos, settings)),
  kendallTauRaw: alignmentTau(heldOut.map(rawFrames), { stride: 2 }).tau,
  cpuSeconds: Math.round((user + system) / 1e6),
};
await createFolder(out);
await writeFileAtomic(`${out}${told.file}`, bytes);
await writeFileAtomic(`${out}models.json`, `${JSON.stringify([told], null, 2)}\n`);
console.log(JSON.stringify(told, null, 2), `${bytes.length} bytes`);
await runtime.release();
