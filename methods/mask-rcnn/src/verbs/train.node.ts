// reprise mask-rcnn train: a data set → a network, its log, and overlays of the first pictures of each evaluation.
import { rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Random } from "@reprise/data";
import { createFolder, readBytes, writeFileAtomic, writeImage } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { openLog } from "@reprise/nn/node";
import { evaluate } from "../evaluate.ts";
import { initialState } from "../initial-state.ts";
import { MaskRcnn } from "../mask-rcnn.ts";
import { encodeModel, type ModelFacts } from "../model-file.ts";
import type { StateDict } from "../network.ts";
import { overlay } from "../overlay.ts";
import { pictureSettings, presets, type TrainSettings } from "../settings.ts";
import { isFrozen, MaskRcnnDiverged, type MaskRcnnEvent, train } from "../train.ts";
import { trainedLayout } from "../training.ts";
import { decodeTraining, encodeTraining } from "../training-file.ts";
import { forClasses } from "../weights.ts";
import type { trainOptions } from "./options.ts";
import { type NamedData, readCoco, requireObjects, shapesData } from "./read-data.node.ts";
import { readWeights } from "./read-model.node.ts";
import { writeTrainingPlots } from "./training-plots.node.ts";

/** Seed of generated pictures that are validated on, from that of those that are trained on. */
const validationSeed = 1000;
/** What torchvision leaves as it is of a backbone that is trained already. */
const firstStages = ["backbone.body.conv1", "backbone.body.layer1"];
/** Pictures of each evaluation that are drawn. */
const drawn = 4;

export async function trainVerb({
  args,
  options,
  signal,
  onStop,
  progress,
  command,
}: VerbContext<OptionValues<typeof trainOptions>>): Promise<VerbResult> {
  const { out, images, preset, weights, backbone, validation, validationImages, validationCount, threads, ...given } =
    options;
  const [source] = args as [string];
  if ((await stat(out).catch(() => undefined))?.isDirectory())
    throw new UsageError(`--out ${out} is a folder; give the name of a file.`);
  await createFolder(dirname(out)); // fails before the work
  if (weights !== undefined && backbone !== undefined)
    throw new UsageError("give --weights of a whole network or --backbone, not both.");
  const begun = weights === undefined ? undefined : await readWeights(weights);
  const settings = settingsOf(presets[preset as keyof typeof presets], {
    ...given,
    ...(begun && begun.conventions !== "torchvision" ? { conventions: begun.conventions } : {}),
    ...(backbone !== undefined && given.freeze === undefined ? { freeze: firstStages } : {}),
  });
  const data = source === "shapes" ? await shapesData(settings.seed, 1) : await readCoco(source, images);
  requireObjects(data, source);
  const judged = await validationOf(source, settings.seed, { validation, validationImages, validationCount });
  const { categories } = data.dataset;
  const first = await firstState({ weights: begun?.state, backbone }, settings, {
    classes: categories.length + 1,
    keypoints: categories.length === 1 ? (categories[0]!.keypoints?.length ?? 0) : 0,
  });
  const pictures = pictureSettings(settings);
  const facts: ModelFacts = {
    ...{ pictures, categories: categories.map(({ id, name }) => ({ id, name })), command },
    ...{ seed: settings.seed, steps: settings.steps },
  };
  const layout = trainedLayout(first, isFrozen(settings.freeze));
  const config = {
    method: "mask-rcnn",
    data: source,
    weights: weights ?? backbone ?? "",
    settings: JSON.stringify(settings),
  };
  const saved = `${out}.checkpoint`;
  const isThere = (await stat(saved).catch(() => undefined))?.isFile() ?? false;
  const from = isThere ? decodeTraining(await readBytes(saved), layout, config, saved) : undefined;
  let kept = isThere;
  onStop(() => (kept ? `${saved} is kept; the same command goes on from there.` : "Nothing was written."));
  const log = await openLog(`${out}.log.jsonl`, { afterStep: from?.step ?? 0 });
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  let ap: number | null = null;
  let skipped = 0;
  const judge = async (state: StateDict, step: number) => {
    if (!judged) return;
    const model = new MaskRcnn(runtime, state, pictures);
    try {
      const { segm, bbox } = await evaluate(model, judged.dataset, judged.examples, {
        categories: facts.categories,
        signal,
        onProgress: ({ done, total }) => progress.show(`step ${step}: evaluating picture ${done} of ${total}`),
      });
      ap = segm.stats[0]!;
      await log.append({ step, mask: numbersOf(segm), box: numbersOf(bbox) });
      await createFolder(`${out}.overlays`);
      for (let i = 0; i < Math.min(drawn, judged.dataset.images.length); i++) {
        const { picture } = await judged.examples.read(i);
        const [found] = await model.segment([picture]);
        await writeImage(join(`${out}.overlays`, `step${step}-${i}.png`), overlay(picture, found!, { score: 0.5 }));
      }
    } finally {
      await model.release();
    }
  };
  const started = performance.now();
  try {
    const state = await train(runtime, first, data.examples, {
      settings,
      signal,
      ...(from ? { from } : {}),
      async onProgress(event: MaskRcnnEvent) {
        const { done, total } = event;
        if (event.kind === "step") {
          const { loss, losses, learningRate, secondsPerStep } = event;
          await log.append({ step: done, loss, ...losses, learningRate });
          const known = ap === null ? "" : `  mask AP ${ap.toFixed(3)}`;
          progress.show(
            `step ${done} of ${total}  loss ${loss.toFixed(3)}${known}  ${secondsPerStep.toFixed(2)} s a step`,
          );
        } else if (event.kind === "skipped") {
          skipped++;
          await log.append({ step: done, skipped: event.pictures });
        } else {
          if (!signal.aborted) await judge(event.state, done);
          await writeFileAtomic(saved, encodeTraining(event.checkpoint, layout, config));
          await writeTrainingPlots(`${out}.log.jsonl`, `${out}.plots`);
          kept = true;
        }
      },
    });
    progress.end();
    await writeFileAtomic(out, encodeModel(state, facts));
    await rm(saved, { force: true });
    const result = {
      model: out,
      pictures: data.examples.count,
      classes: facts.categories.map(({ name }) => name),
      steps: settings.steps,
      skipped,
      maskAp: ap,
      seconds: (performance.now() - started) / 1000,
    };
    return {
      result,
      text: () =>
        `${out}: ${settings.steps} steps${skipped ? `, ${skipped} of them not taken` : ""}${ap === null ? "" : `, mask AP ${(ap as number).toFixed(3)} on ${judged!.dataset.images.length} pictures`}`,
    };
  } catch (error) {
    if (!(error instanceof MaskRcnnDiverged)) throw error;
    await writeFileAtomic(`${out}.last-good`, encodeModel(error.state, facts));
    throw new Error(`${error.message} They are in ${out}.last-good.`, { cause: error });
  } finally {
    progress.end();
    await log.close();
    await runtime.release();
  }
}

const numbersOf = ({ names, stats }: { readonly names: readonly string[]; readonly stats: readonly number[] }) =>
  Object.fromEntries(names.map((name, i) => [name, stats[i]]));

/** The preset with what is given. */
function settingsOf(preset: TrainSettings, given: Readonly<Record<string, unknown>>): TrainSettings {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings = { ...preset, ...defined } as TrainSettings;
  // Rates follow the batch (Goyal et al. 2017), where none is given.
  const scaled =
    given.learningRate === undefined && given.batchSize !== undefined
      ? { learningRate: (preset.learningRate * settings.batchSize) / preset.batchSize }
      : {};
  if (settings.maxSize < settings.minSize)
    throw new UsageError(`the longer side, at most ${settings.maxSize}, is below the shorter, ${settings.minSize}.`);
  const tooLong = settings.minSizes?.find((size) => size > settings.maxSize);
  if (tooLong !== undefined)
    throw new UsageError(`the longer side, at most ${settings.maxSize}, is below a shorter one, ${tooLong}.`);
  return { ...settings, ...scaled };
}

async function validationOf(
  source: string,
  seed: number,
  {
    validation,
    validationImages,
    validationCount,
  }: { validation: string | undefined; validationImages: string | undefined; validationCount: number },
): Promise<NamedData | null> {
  if (validation) return readCoco(validation, validationImages, validationCount);
  return source === "shapes" ? shapesData(seed + validationSeed, validationCount) : null;
}

async function firstState(
  { weights, backbone }: { readonly weights: StateDict | undefined; readonly backbone: string | undefined },
  settings: TrainSettings,
  { classes, keypoints }: Readonly<Record<"classes" | "keypoints", number>>,
): Promise<StateDict> {
  const random = new Random(settings.seed);
  if (weights !== undefined) return forClasses(weights, classes, random);
  const { widths, channels, representation, features, maskHead, classAgnosticMask } = settings;
  const body = backbone === undefined ? { widths } : { body: (await readWeights(backbone)).state };
  return initialState(random, {
    ...{ classes, keypoints, ...body, channels, representation },
    ...(features ? { features } : {}),
    ...(maskHead ? { maskHead } : {}),
    ...(classAgnosticMask ? { classAgnosticMask } : {}),
  });
}
