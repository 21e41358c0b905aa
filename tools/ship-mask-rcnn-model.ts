// Trains the network of the Mask R-CNN panel on generated pictures and ships it:
//   node tools/run.mjs tools/ship-mask-rcnn-model.ts [STEPS]
// One thread: the same bytes each time. Pictures of the test have another seed.
import { fileURLToPath } from "node:url";
import { Random } from "@reprise/data";
import { createFolder, writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import {
  cocoOfShapes,
  encodeModel,
  evaluate,
  initialState,
  MaskRcnn,
  pictureSettings,
  presets,
  type StateDict,
  shapeCategories,
  shapesExamples,
  train,
} from "@reprise/mask-rcnn";

const command = "node tools/run.mjs tools/ship-mask-rcnn-model.ts";
const seed = 0;
const testSeed = 1000;
const testPictures = 200;
const settings = { ...presets.tiny, steps: Number(process.argv[2] ?? 6000), validateEvery: 1500, seed };
const out = fileURLToPath(new URL("../apps/site/content/journals/corr/HeGDG17/models/", import.meta.url));
const { widths, channels, representation } = settings;
const pictures = pictureSettings(settings);
const classes = shapeCategories.length + 1;

const runtime = nodeRuntime({ threads: 1 });
const begun = process.cpuUsage();
const examples = shapesExamples(testSeed);

async function measured(state: StateDict, count: number) {
  const model = new MaskRcnn(runtime, state, pictures);
  const dataset = await cocoOfShapes(examples, count);
  const { segm, bbox } = await evaluate(model, dataset, examples, { categories: shapeCategories });
  await model.release();
  return { segm, bbox };
}

const first = initialState(new Random(seed), { classes, widths, channels, representation });
const state = await train(runtime, first, shapesExamples(seed), {
  settings,
  async onProgress(event) {
    if (event.kind === "skipped") console.log(`step ${event.done}: not finite, ${event.pictures.join(", ")}`);
    if (event.kind === "step" && event.done % 200 === 0)
      console.log(`step ${event.done}: loss ${event.loss.toFixed(3)}, ${event.secondsPerStep.toFixed(2)} s a step`);
    if (event.kind === "checkpoint") {
      const { segm } = await measured(event.state, 50);
      console.log(`step ${event.done}: mask AP ${segm.stats[0]!.toFixed(3)} on 50 pictures`);
    }
  },
});
const cpu = process.cpuUsage(begun);
const { segm, bbox } = await measured(state, testPictures);
const file = "shapes.safetensors";
const bytes = encodeModel(state, { pictures, categories: shapeCategories, command, seed, steps: settings.steps });
await createFolder(out);
await writeFileAtomic(`${out}${file}`, bytes);
const numbers = (stats: readonly number[]) => ({ ap: stats[0], ap50: stats[1], ap75: stats[2] });
const facts = {
  file,
  command,
  seed,
  steps: settings.steps,
  pictures: settings.steps * settings.batchSize,
  cpuMinutes: Math.round((cpu.user + cpu.system) / 6e6) / 10,
  test: { seed: testSeed, pictures: testPictures, mask: numbers(segm.stats), box: numbers(bbox.stats) },
};
await writeFileAtomic(`${out}models.json`, `${JSON.stringify([facts], null, 2)}\n`);
await runtime.release();
console.log(JSON.stringify(facts), `${bytes.length} bytes`);
