// reprise tcc train: a folder of videos → an encoder.
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createFolder, readBytes, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { encoderOf } from "../encoder.ts";
import { decodeTraining, encodeModel, encodeTraining } from "../model-file.ts";
import { holdOut, settingsFor, specFor, type TccEvent, train } from "../train.ts";
import { checkSequences, type Sequence } from "../video.ts";
import { readLabels } from "./labels.node.ts";
import type { trainOptions } from "./options.ts";
import { readBackbone } from "./read-backbone.node.ts";
import { readVideos } from "./read-videos.node.ts";

export async function trainVerb({
  args,
  options,
  signal,
  onStop,
  progress,
  command,
}: VerbContext<OptionValues<typeof trainOptions>>): Promise<VerbResult> {
  const {
    out,
    threads,
    framesPerSecond,
    heldOut: heldOutFolder,
    labels,
    frameCache,
    frameCacheLimit,
    ...own
  } = options;
  const { weights, cut, pixels, trainBase, width, size: givenSize, ...given } = own;
  const [folder] = args as [string];
  if ((await stat(out).catch(() => undefined))?.isDirectory())
    throw new UsageError(`--out ${out} is a folder; give the name of a file.`);
  await createFolder(dirname(out)); // fails before the work
  const size = givenSize ?? (given.encoder === undefined || given.encoder === "small" ? 48 : 112);
  const {
    cut: cutAt,
    pixels: taken,
    ...backbone
  } = await readBackbone(given.encoder, { weights, cut, pixels, width, size });
  const reading = {
    size,
    framesPerSecond,
    cache: frameCache === undefined ? undefined : { folder: frameCache, limit: frameCacheLimit * 1e9 },
    signal,
    onProgress: ({ done, total }: { done: number; total: number }) =>
      progress.show(`reading video ${done} of ${total}`),
  };
  const read = await readVideos(folder, reading);
  checkSequences(read, { atLeast: 2 });
  const { loss, temperature, ...rest } = given;
  const videos = rest.objective === "supervised" ? await withLabels(read, folder, labels) : read;
  const settings = settingsFor(videos, {
    ...rest,
    backbone: {
      ...(cutAt === undefined ? {} : { cut: cutAt }),
      ...(taken ? { pixels: taken } : {}),
      ...(trainBase ? { train: trainBase } : {}),
      ...(width === undefined ? {} : { width }),
    },
  });
  const lossOptions = { ...settings.loss, ...(loss ? { loss } : {}), ...(temperature ? { temperature } : {}) };
  const all = { ...settings, loss: lossOptions };
  const [learnt, heldOut] = heldOutFolder
    ? [videos, await readVideos(heldOutFolder, reading)]
    : holdOut(videos, settings.seed);
  checkSequences([learnt[0]!, ...heldOut], { atLeast: 2 });
  const encoder = encoderOf(specFor(learnt, all, backbone), backbone.onnx);
  const judgedApart = heldOutFolder !== undefined || learnt.length < videos.length;
  const saved = `${out}.checkpoint`;
  const isThere = (await stat(saved).catch(() => undefined))?.isFile();
  const from = isThere ? decodeTraining(await readBytes(saved), encoder, all, saved) : undefined;
  let kept = isThere;
  onStop(() => (kept ? `${saved} is kept; the same command goes on from there.` : "Nothing was written."));
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  const begun = performance.now();
  let tau = "";
  try {
    const trained = await train(runtime, learnt, {
      settings: all,
      backbone,
      heldOut,
      signal,
      ...(from ? { from } : {}),
      async onProgress(event: TccEvent) {
        if (event.kind === "step")
          progress.show(
            `step ${event.done} of ${event.total}  loss ${event.loss.toFixed(3)}${tau}  ${event.stepsPerSecond.toFixed(1)} steps/s`,
          );
        else if (event.kind === "validation") tau = `  τ ${event.tau === null ? "undefined" : event.tau.toFixed(3)}`;
        else {
          await writeFileAtomic(saved, encodeTraining(event.checkpoint, encoder, all));
          kept = true;
        }
      },
    });
    progress.end();
    const { settings: used, step, stopped, heldOut: names } = trained;
    await writeFileAtomic(
      out,
      encodeModel(trained, { settings: used, step, tau: trained.tau, heldOut: names, framesPerSecond, command }),
    );
    await rm(saved, { force: true });
    const result = {
      model: out,
      videos: learnt.length,
      heldOut: names,
      encoder: used.encoder,
      objective: used.objective,
      seed: used.seed,
      steps: used.steps,
      step,
      kendallTau: trained.tau,
      stopped,
      seconds: (performance.now() - begun) / 1000,
    };
    return {
      result,
      text: () =>
        trained.tau === null
          ? `${out}: step ${step}. Kendall's τ is undefined: every frame has the same nearest neighbour; are the videos still?`
          : `${out}: Kendall's τ ${trained.tau.toFixed(3)} on ${names.length} ${judgedApart ? "held-out" : "training"} videos, at step ${step}`,
    };
  } finally {
    progress.end();
    await runtime.release();
  }
}

/** Videos with the phases of the labels' file, or of the one in the folder. */
async function withLabels(
  videos: readonly Sequence[],
  folder: string,
  file: string | undefined,
): Promise<readonly Sequence[]> {
  const labels = await readLabels(file ?? folder, videos, { optional: false });
  return videos.map((video, i) => ({ ...video, labels: labels![i]! }));
}
