// reprise tcc align: when each frame of the reference happens in the other videos.
import { extname } from "node:path";
import { csvOf, encodeNpy, ndArray } from "@reprise/data";
import { readBytes, writeFileAtomic, writeVideoFile } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { nearestFrames, warp } from "../align.ts";
import { embed } from "../embed.ts";
import { encoderOf } from "../encoder.ts";
import { sideBySide } from "../grid.ts";
import { decodeModel } from "../model-file.ts";
import { frameCount } from "../video.ts";
import type { alignOptions } from "./options.ts";
import { checkFits, rateOf, readPaths } from "./read-videos.node.ts";

export async function alignVerb({
  args,
  options: { model: path, reference, out, by, events = [], height, threads },
  signal,
  progress,
  command,
}: VerbContext<OptionValues<typeof alignOptions>>): Promise<VerbResult> {
  const paths = reference === undefined ? args : [reference, ...args];
  if (paths.length < 2) throw new UsageError("give two or more videos, or one and --reference.");
  const kind = extname(out).toLowerCase();
  if (![".csv", ".json", ".npy", ".mp4", ".webm"].includes(kind))
    throw new UsageError(`--out ${out}: end its name in .mp4, .webm, .csv, .json or .npy.`);
  if (events.length > 0 && by === "nearest") throw new UsageError("--events bind a path; leave --by nearest out.");
  if (events.length % paths.length !== 0)
    throw new UsageError(
      `--events has ${events.length} frames; expected one of each of ${paths.length} videos for every event.`,
    );
  const isSeen = kind === ".mp4" || kind === ".webm";
  const { spec, parameters, backbone, facts } = decodeModel(await readBytes(path), path);
  const videos = await readPaths(paths, { size: spec.frameShape[2] ?? 1, ...rateOf(facts), signal });
  checkFits(videos, spec, path);
  if (isSeen && spec.frameShape.length === 1)
    throw new UsageError(`--out ${out}: features cannot be looked at; end its name in .csv, .json or .npy.`);
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  try {
    const [first, ...others] = await embed(runtime, encoderOf(spec, backbone), parameters, videos, {
      signal,
      onProgress: ({ done, total }) => progress.show(`embedding video ${done} of ${total}`),
    });
    const maps = others.map((other, k) => {
      if (by === "nearest") return nearestFrames(first!, other);
      const rows = Array.from({ length: events.length / paths.length }, (_, e) => e * paths.length);
      const through = rows.map((at) => [events[at]!, events[at + 1 + k]!] as const);
      return warp(first!, other, { through }).map;
    });
    const T = frameCount(videos[0]!);
    const rows = Array.from({ length: T }, (_, t) => [t, ...maps.map((map) => map[t]!)]);
    // Files of one name in several folders are told apart by their paths.
    const short = videos.map(({ name }) => name);
    const names = new Set(short).size === short.length ? short : [...paths];
    const table = { reference: names[0]!, by, names, frames: rows, command };
    if (isSeen) {
      const seen = await readPaths(paths, { size: { height }, ...rateOf(facts), signal });
      await writeVideoFile(out, sideBySide(seen, rows), {
        framesPerSecond: facts.framesPerSecond ?? 15,
        signal,
        onProgress: ({ done, total }) => progress.show(`writing frame ${done} of ${total}`),
      });
    } else if (kind === ".json") await writeFileAtomic(out, `${JSON.stringify(table)}\n`, { signal });
    else if (kind === ".csv")
      await writeFileAtomic(
        out,
        csvOf(rows.map((row) => Object.fromEntries(row.map((frame, i) => [names[i], frame])))),
        { signal },
      );
    else
      await writeFileAtomic(out, encodeNpy(ndArray("int32", [T, names.length], Int32Array.from(rows.flat()))), {
        signal,
      });
    const result = { out, reference: names[0]!, by, videos: names, frames: T };
    return {
      result,
      text: () => `${out}: for each of ${T} frames of ${names[0]}, the frames of ${names.slice(1).join(", ")}`,
    };
  } finally {
    progress.end();
    await runtime.release();
  }
}
