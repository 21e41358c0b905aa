// reprise tcc align: when each frame of the reference happens in the other videos.
import { stat } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { createFolder, readBytes } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { checkWarpSize, labelsAlong, nearestFrames, type Warping, warp } from "../align.ts";
import { embed } from "../embed.ts";
import { encoderOf } from "../encoder.ts";
import { alignmentTau } from "../metrics/kendall.ts";
import { decodeModel } from "../model-file.ts";
import { checkSequences, frameCount } from "../video.ts";
import { type Aligned, isLookedAt, writeAligned } from "./align-output.node.ts";
import { readLabels } from "./labels.node.ts";
import type { alignOptions } from "./options.ts";
import { checkFits, rateOf, readPaths } from "./read-videos.node.ts";

export async function alignVerb({
  args,
  options,
  signal,
  onStop,
  progress,
  command,
}: VerbContext<OptionValues<typeof alignOptions>>): Promise<VerbResult> {
  const { model: path, reference, out, by, events = [], labels: labelPath, threads, ...looks } = options;
  const others_ = reference === undefined ? args : args.filter((one) => resolve(one) !== resolve(reference));
  const paths = reference === undefined ? args : [reference, ...others_];
  await check(paths, options);
  onStop(() => "Nothing was written; the same command begins anew.");
  const { spec, parameters, backbone, facts } = decodeModel(await readBytes(path), path);
  if (isLookedAt(out) && spec.frameShape.length === 1)
    throw new UsageError(`--out ${out}: features cannot be looked at; end its name in .csv, .json or .npy.`);
  await createFolder(dirname(out)); // fails before the work
  const videos = await readPaths(paths, {
    size: spec.frameShape[2] ?? 1,
    ...rateOf(facts),
    signal,
    onProgress: ({ done, total }) => progress.show(`reading video ${done} of ${total}`),
  });
  checkFits(videos, spec, path);
  checkSequences(videos, { atLeast: 2 });
  const [T, ...lengths] = videos.map(frameCount) as [number, ...number[]];
  if (by === "path") for (const M of lengths) checkWarpSize(T, M);
  const [labels] = labelPath === undefined ? [] : (await readLabels(labelPath, [videos[0]!], { optional: false }))!;
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  try {
    const [first, ...others] = await embed(runtime, encoderOf(spec, backbone), parameters, videos, {
      signal,
      onProgress: ({ done, total }) => progress.show(`embedding video ${done} of ${total}`),
    });
    const starts = Array.from({ length: events.length / paths.length }, (_, e) => e * paths.length);
    const along = others.map((other, k): Pick<Warping, "map" | "path"> => {
      if (by === "path")
        return warp(first!, other, { through: starts.map((at) => [events[at]!, events[at + 1 + k]!]) });
      const [map, back] = [nearestFrames(first!, other), nearestFrames(other, first!)];
      return { map, path: Array.from(back, (i, j) => [i, j] as const) };
    });
    // Files of one name in several folders are told apart by their paths.
    const short = videos.map(({ name }) => name);
    const aligned: Aligned = {
      paths,
      names: new Set(short).size === short.length ? short : paths,
      by,
      rows: Array.from({ length: T }, (_, t) => [t, ...along.map(({ map }) => map[t]!)]),
      times: videos.map(({ times }) => times),
      phases: labels && [labels, ...along.map(({ path: pairs }, k) => labelsAlong(pairs, labels, lengths[k]!))],
      command,
    };
    const { names } = aligned;
    await writeAligned(out, aligned, { ...looks, facts, signal, show: (text) => progress.show(text) });
    const { tau } = alignmentTau([first!, ...others]);
    const result = { out, reference: names[0]!, by, videos: names, frames: T, kendallTau: tau };
    const judged =
      tau === null
        ? "Kendall's τ is undefined: every frame has the same nearest neighbour; do the videos stand still?"
        : `Kendall's τ ${tau.toFixed(3)}`;
    return {
      result,
      text: () =>
        `${out}: for each of ${T} frames of ${names[0]}, the frames of ${names.slice(1).join(", ")}\n${judged}`,
    };
  } finally {
    progress.end();
    await runtime.release();
  }
}

/** Of everything that can be told before a file is read. */
async function check(
  paths: readonly string[],
  { out, by, events = [], audio }: OptionValues<typeof alignOptions>,
): Promise<void> {
  if (paths.length < 2) throw new UsageError("give two or more videos, or one and --reference.");
  const kind = extname(out).toLowerCase();
  if (!isLookedAt(out) && ![".csv", ".json", ".npy"].includes(kind))
    throw new UsageError(`--out ${out}: end its name in .mp4, .webm, .gif, .png, .csv, .json or .npy.`);
  if (audio && kind !== ".mp4" && kind !== ".webm")
    throw new UsageError(`--audio: a ${kind} file has no sound; end the name of --out in .mp4 or .webm.`);
  if (events.length > 0 && by === "nearest") throw new UsageError("--events bind a path; leave --by nearest out.");
  if (events.length % paths.length !== 0)
    throw new UsageError(
      `--events has ${events.length} frames; expected one of each of ${paths.length} videos for every event.`,
    );
  if (paths.some((path) => resolve(path) === resolve(out)))
    throw new UsageError(`--out ${out} is one of the videos; give another name.`);
  if ((await stat(out).catch(() => undefined))?.isDirectory())
    throw new UsageError(`--out ${out} is a folder; give the name of a file.`);
}
