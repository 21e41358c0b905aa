// Two videos through the encoder, and the path that brings them into step.
import type { PouringVideo } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import {
  alignmentTau,
  decodeModel,
  type Embedding,
  embed,
  encoderOf,
  rawFrames,
  type Sequence,
  warp,
} from "@reprise/tcc";

/** A video as the panel has it. */
export interface PairVideo {
  readonly name: string;
  /** What the encoder sees: [T, 48, 48, 3]. */
  readonly seen: Sequence;
  /** What is shown: [T, height, width, 3]; the same where it is the same. */
  readonly shown: { readonly shape: readonly number[]; readonly data: Uint8Array };
  readonly framesPerSecond: number;
  /** The phase of each frame of a drawn video. */
  readonly phases: Uint8Array | null;
}

export interface AlignResult {
  readonly videos: readonly [PairVideo, PairVideo];
  readonly embeddings: readonly [Embedding, Embedding];
  /** ‖u_i − v_j‖, row-major. */
  readonly distances: Float32Array;
  readonly path: readonly (readonly [number, number])[];
  /** Kendall's τ of nearest frames, both ways: of the embeddings, and of the frames as they are. */
  readonly tau: number | null;
  readonly tauRaw: number | null;
  /** Share of the path's pairs that are in the same phase, and of pairs by the share of time that is over. */
  readonly together: { readonly aligned: number; readonly byTime: number } | null;
  readonly seconds: number;
}

export interface PairContext {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly progress: (progress: { done: number; total: number; text: string }) => void;
}

export function pairVideo(name: string, { frames, shape, labels }: PouringVideo, framesPerSecond: number): PairVideo {
  const seen = { name, shape, data: frames };
  return { name, seen, shown: seen, framesPerSecond, phases: labels };
}

/** @param model  a model file of this method, for frames of the videos' size */
export async function alignPair(
  model: Uint8Array,
  videos: readonly [PairVideo, PairVideo],
  { runtime, signal, progress }: PairContext,
): Promise<AlignResult> {
  const begun = performance.now();
  const { spec, parameters } = decodeModel(model, "the encoder");
  const sequences = videos.map(({ seen }) => seen);
  progress({ done: 0, total: 2, text: "embedding the first video" });
  const [a, b] = (await embed(runtime, encoderOf(spec), parameters, sequences, {
    signal,
    onProgress: ({ done, total }) => progress({ done, total, text: `${done} of ${total} videos embedded` }),
  })) as [Embedding, Embedding];
  const { path } = warp(a, b);
  return {
    videos,
    embeddings: [a, b],
    distances: distancesOf(a, b),
    path,
    tau: alignmentTau([a, b]).tau,
    tauRaw: alignmentTau(sequences.map(rawFrames)).tau,
    together: togetherOf(videos, path),
    seconds: (performance.now() - begun) / 1000,
  };
}

/** The path that passes the pairs that are set by hand. @throws RangeError when time would run back */
export const repath = ({
  embeddings: [a, b],
  through,
}: {
  readonly embeddings: readonly [Embedding, Embedding];
  readonly through: readonly (readonly [number, number])[];
}): AlignResult["path"] => warp(a, b, { through }).path;

export function distancesOf(a: Embedding, b: Embedding): Float32Array {
  const [N, M, D] = [a.shape[0]!, b.shape[0]!, a.shape[1]!];
  const out = new Float32Array(N * M);
  for (let i = 0; i < N; i++)
    for (let j = 0; j < M; j++) {
      let sum = 0;
      for (let d = 0; d < D; d++) sum += (a.data[i * D + d]! - b.data[j * D + d]!) ** 2;
      out[i * M + j] = Math.sqrt(sum);
    }
  return out;
}

function togetherOf(videos: readonly [PairVideo, PairVideo], path: AlignResult["path"]): AlignResult["together"] {
  const [a, b] = videos.map(({ phases }) => phases);
  if (!a || !b) return null;
  const same = (pairs: readonly (readonly [number, number])[]) =>
    pairs.filter(([i, j]) => a[i] === b[j]).length / pairs.length;
  const byTime = Array.from(a, (_, i) => [i, Math.round((i * (b.length - 1)) / Math.max(1, a.length - 1))] as const);
  return { aligned: same(path), byTime: same(byTime) };
}

/** A frame's way there and back by nearest neighbours: the frame of the second video, and where it returns to. */
export function cycleOf({ distances, videos }: Pick<AlignResult, "distances" | "videos">, i: number): [number, number] {
  const [N, M] = videos.map(({ shown }) => shown.shape[0]!) as [number, number];
  let [there, back] = [0, 0];
  for (let j = 1; j < M; j++) if (distances[i * M + j]! < distances[i * M + there]!) there = j;
  for (let k = 1; k < N; k++) if (distances[k * M + there]! < distances[back * M + there]!) back = k;
  return [there, back];
}
