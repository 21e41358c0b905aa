// Training: videos of one action, without labels → an encoder. It is judged by Kendall's τ on pairs that it has not seen,
// not by its loss, which falls where cycles close without aligning anything.
import { Random } from "@reprise/data";
import {
  adam,
  type Layout,
  layoutSize,
  type Runtime,
  type Tensor,
  type TrainingProgram,
  unflatten,
  type Values,
} from "@reprise/engine";
import { type Checkpoint, cosine, type Following, initialize, packWeights, train as run } from "@reprise/nn";
import { onnxChannels } from "./backbones.ts";
import { VideoBatches } from "./batches.ts";
import { embed } from "./embed.ts";
import { encoderOf } from "./encoder.ts";
import type { BackboneSpec, Encoder, EncoderSpec } from "./encoder-spec.ts";
import { featureStatistics, frameShapeOf, isCameraStill } from "./frames.ts";
import { alignmentTau } from "./metrics/kendall.ts";
import { headParameters, objectiveLoss } from "./objective.ts";
import type { Frames } from "./plain.ts";
import { presets, type TrainSettings } from "./settings.ts";
import { checkSequences, type Sequence } from "./video.ts";

/** A trained encoder. */
export interface TccModel {
  readonly spec: EncoderSpec;
  readonly parameters: Float32Array;
  /** Of an ONNX encoder: the file that it begins with. */
  readonly backbone?: Uint8Array;
}

/** Where the best τ was. */
export interface Best {
  readonly step: number;
  readonly tau: number;
  readonly parameters: Float32Array;
}

/** Everything that a training needs to go on. */
export interface TccCheckpoint {
  readonly training: Checkpoint;
  readonly best: Best | null;
  /** Looks at τ since then. */
  readonly waited: number;
}

export type TccEvent = { readonly done: number; readonly total: number } & (
  | { readonly kind: "step"; readonly loss: number; readonly stepsPerSecond: number }
  | { readonly kind: "validation"; readonly tau: number | null; readonly best: Omit<Best, "parameters"> | null }
  | { readonly kind: "checkpoint"; readonly checkpoint: TccCheckpoint }
);

export interface TrainOptions extends Following<TccEvent> {
  readonly settings?: GivenSettings;
  /** Pairs with these decide which step is kept; a tenth of ten or more videos if left out, else the videos themselves. */
  readonly heldOut?: readonly Sequence[];
  readonly from?: TccCheckpoint;
  readonly backbone?: BackboneFile;
}

/** What a published encoder begins with instead of drawn weights. */
export interface BackboneFile {
  /** Arrays by torchvision's names: what fits is taken. */
  readonly state?: Readonly<Record<string, Tensor>>;
  /** An ONNX model, cut at a value. */
  readonly onnx?: Uint8Array;
}

export interface Trained extends TccModel {
  readonly settings: TrainSettings;
  /** The step whose weights these are, and τ on held-out pairs then; null where no pair has one. */
  readonly step: number;
  readonly tau: number | null;
  readonly stopped: "steps" | "patience";
  readonly heldOut: readonly string[];
}

/** Settings that are given: of the backbone some. */
export type GivenSettings = Partial<Omit<TrainSettings, "backbone">> & { readonly backbone?: Partial<BackboneSpec> };

/** Settings of the preset for what the videos are, with those that are given. */
export function settingsFor(sequences: readonly Sequence[], { backbone, ...given }: GivenSettings = {}): TrainSettings {
  const sequence = sequences[0]!;
  const encoder = given.encoder ?? (sequence.shape.length === 2 ? "mlp" : "small");
  const wanted = encoder === "mlp" ? 2 : 4;
  if (sequence.shape.length !== wanted)
    throw new RangeError(
      `encoder ${encoder} takes ${encoder === "mlp" ? "features [frames, features]" : "images [frames, height, width, channels]"}; ${sequence.name} is [${sequence.shape.join(", ")}].`,
    );
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const preset = presets[encoder];
  const settings: TrainSettings = {
    ...preset,
    encoder,
    ...(encoder === "small" && isCameraStill(sequences) ? { start: "subtracted" as const } : {}),
    ...defined,
    ...(preset.backbone ? { backbone: { ...preset.backbone, ...backbone } } : {}),
  };
  if (settings.start !== "ignored" && encoder !== "small" && encoder !== "vggm")
    throw new RangeError(`start ${settings.start} is for encoders small and vggm, which learn from pixels.`);
  return settings.objective === "supervised" ? { ...settings, phases: countPhases(sequences) } : settings;
}

/** @throws RangeError naming a sequence without a phase for each frame */
function countPhases(sequences: readonly Sequence[]): number {
  for (const { name, shape, labels } of sequences)
    if (labels?.length !== shape[0])
      throw new RangeError(
        `${name} has ${labels ? `${labels.length} labels` : "no labels"}, but ${shape[0]} frames; supervised learning needs a phase for each.`,
      );
  return 1 + sequences.reduce((most, { labels }) => Array.from(labels!).reduce((a, b) => Math.max(a, b), most), 0);
}

/** A tenth of the videos, two at least. Of fewer than ten, none is spared: τ is that of the videos learnt from. */
export function holdOut(sequences: readonly Sequence[], seed: number): [train: Sequence[], heldOut: Sequence[]] {
  if (sequences.length < 10) return [[...sequences], [...sequences]];
  const order = Array.from(new Random(seed).permutation(sequences.length), (i) => sequences[i]!);
  const count = Math.max(2, Math.round(sequences.length / 10));
  return [order.slice(count), order.slice(0, count)];
}

/** So few held-out videos make too few pairs among themselves: each is paired with those learnt from, too. */
const FEW = 5;

/** τ of the pairs that have a held-out video; of all pairs where those learnt from are the judges themselves. */
async function heldOutTau(
  embedded: (videos: readonly Sequence[]) => Promise<readonly Frames[]>,
  own: readonly Sequence[],
  others: readonly Sequence[],
): Promise<number | null> {
  const isApart = others[0] !== own[0];
  const partners = isApart && others.length < FEW ? own : [];
  const { pairs } = alignmentTau(await embedded([...others, ...partners]), { stride: 2 });
  const isJudge = (video: number) => video < others.length;
  const defined = pairs.flatMap(({ tau, query, candidate }) =>
    tau !== null && (isJudge(query) || isJudge(candidate)) ? [tau] : [],
  );
  return defined.length === 0 ? null : defined.reduce((a, b) => a + b) / defined.length;
}

/**
 * Learns to embed the frames of videos of one action.
 *
 * @throws RangeError when the videos cannot be learnt from, saying why
 * @throws DivergedError when the loss stops being a number
 */
export async function train(
  runtime: Runtime,
  videos: readonly Sequence[],
  { settings: given = {}, heldOut, from, backbone, signal, onProgress }: TrainOptions = {},
): Promise<Trained> {
  checkSequences(videos, { atLeast: 2 });
  const settings = settingsFor(videos, given);
  const [own, others] = heldOut ? [videos, heldOut] : holdOut(videos, settings.seed);
  checkSequences([own[0]!, ...others], { atLeast: 2 });
  const encoder = encoderOf(specFor(own, settings, backbone), backbone?.onnx);
  const program = programOf(encoder, settings);
  const patience = new AbortController();
  let best = from?.best ?? null;
  let waited = from?.waited ?? 0;
  const begun = { at: performance.now(), step: from?.training.state.step ?? 0 };
  const encoderSize = layoutSize(encoder.parameters);
  const config = {
    method: "tcc",
    encoder: JSON.stringify(encoder.spec),
    ...Object.fromEntries(
      Object.entries(settings)
        .filter(([name]) => name !== "patience")
        .map(([name, value]) => [name, JSON.stringify(value)]),
    ),
  };
  const initial = new Random(settings.seed);
  const drawn = withState(encoder, encoder.init(initial.fork()), backbone?.state);
  const trainedSize = encoderSize - layoutSize(encoder.buffers);
  const start = new Float32Array(layoutSize(program.parameters));
  start.set(drawn.subarray(0, trainedSize));
  start.set(initialize(headParameters(settings), initial.fork()), trainedSize);
  const whole = ({ parameters, buffers }: { parameters: Float32Array; buffers?: Float32Array }) => {
    const all = new Float32Array(encoderSize);
    all.set(parameters.subarray(0, trainedSize));
    if (buffers) all.set(buffers, trainedSize);
    return all;
  };
  const wrap = (training: Checkpoint): TccCheckpoint => ({ training, best, waited });
  let last: Checkpoint | null = null;
  let judged: Float32Array | null = null;
  try {
    last = await run(runtime, {
      program,
      batches: new VideoBatches(own, encoder.spec, settings),
      schedule: cosine(settings.learningRate, { steps: settings.steps }),
      steps: settings.steps,
      from: from?.training ?? { parameters: start, buffers: drawn.slice(trainedSize) },
      noise: noiseOf(encoder, settings),
      random: new Random(settings.seed + 2),
      config,
      validateEvery: settings.validateEvery,
      checkpointEvery: settings.validateEvery,
      signal: signal ? AbortSignal.any([signal, patience.signal]) : patience.signal,
      async validate(state) {
        const weights = whole(state);
        judged = weights;
        const embedded = (videos: readonly Sequence[]) =>
          embed(runtime, encoder, weights, videos, { ...(signal ? { signal } : {}) });
        const tau = await heldOutTau(embedded, own, others);
        return { tau: tau ?? Number.NaN };
      },
      async onProgress(event) {
        const at = { done: event.done, total: event.total };
        if (event.kind === "step") {
          const seconds = (performance.now() - begun.at) / 1000;
          const stepsPerSecond = (event.done - begun.step) / seconds;
          return onProgress?.({ kind: "step", ...at, loss: event.loss, stepsPerSecond });
        }
        if (event.kind === "checkpoint") {
          last = event.checkpoint;
          return onProgress?.({ kind: "checkpoint", ...at, checkpoint: wrap(event.checkpoint) });
        }
        const tau = Number.isNaN(event.metrics.tau) ? null : event.metrics.tau!;
        // A classifier is not made to align: its last step is kept.
        const counts = tau !== null && settings.objective !== "supervised";
        if (counts && (best === null || tau > best.tau)) {
          best = { step: event.done, tau, parameters: judged! };
          waited = 0;
        } else waited++;
        await onProgress?.({ kind: "validation", ...at, tau, best: best && { step: best.step, tau: best.tau } });
        if (settings.patience > 0 && waited >= settings.patience) patience.abort();
      },
    });
  } catch (error) {
    if (!patience.signal.aborted || signal?.aborted) throw error;
  }
  const kept = best ?? { step: last!.state.step, tau: null, parameters: whole(last!.state) };
  return {
    spec: encoder.spec,
    settings,
    step: kept.step,
    tau: kept.tau,
    parameters: kept.parameters,
    ...(backbone?.onnx ? { backbone: backbone.onnx } : {}),
    stopped: patience.signal.aborted ? "patience" : "steps",
    heldOut: others.map(({ name }) => name),
  };
}

export function specFor(
  sequences: readonly Sequence[],
  settings: TrainSettings,
  { onnx }: BackboneFile = {},
): EncoderSpec {
  const { encoder: kind, context, contextStride, dimensions, start, backbone } = settings;
  const frameShape = frameShapeOf(sequences[0]!);
  return {
    kind,
    frameShape,
    context,
    contextStride,
    dimensions,
    ...(start === "ignored" ? {} : { start }),
    ...(kind === "mlp" ? featureStatistics(sequences) : {}),
    ...(backbone
      ? { backbone: onnx ? { ...backbone, channels: onnxChannels(onnx, backbone, frameShape) } : backbone }
      : {}),
  };
}

/** What a training changes: the encoder's arrays that have a gradient, and the objective's own. */
export const trainedParameters = (encoder: Encoder, settings: TrainSettings): Layout => ({
  ...Object.fromEntries(Object.entries(encoder.parameters).filter(([name]) => !(name in encoder.buffers))),
  ...headParameters(settings),
});

const programOf = (encoder: Encoder, settings: TrainSettings): TrainingProgram => ({
  parameters: trainedParameters(encoder, settings),
  buffers: encoder.buffers,
  optimizer: adam(),
  clipNorm: settings.clipNorm,
  forward: (p: Values, { x, ...batch }: Values, own: Values) => {
    const noise = Object.fromEntries(Object.keys(encoder.noise).map((name) => [name, batch[`noise.${name}`]!]));
    const { embeddings, buffers } = encoder.step({ ...p, ...own }, x!, noise);
    return { loss: objectiveLoss(settings, p, embeddings, batch), buffers };
  },
});

/** Random numbers of one video of a batch. */
const noiseOf = ({ noise }: Encoder, { framesPerVideo }: TrainSettings): Layout =>
  Object.fromEntries(Object.entries(noise).map(([name, shape]) => [name, [framesPerVideo, ...shape]]));

/** Weights with those of a state_dict in their places. @throws ModelError when it is of another network */
function withState(encoder: Encoder, drawn: Float32Array, state: BackboneFile["state"]): Float32Array {
  if (!state) return drawn;
  const given = Object.fromEntries(Object.entries(state).filter(([name]) => name in encoder.parameters));
  const wanted = Object.fromEntries(
    Object.entries(encoder.parameters).filter(([name]) => !name.startsWith("embedder.")),
  );
  const packed = unflatten(packWeights(given, wanted, { source: "the backbone's weights" }), wanted);
  const flat = drawn.slice();
  for (const [name, { data }] of Object.entries(unflatten(flat, encoder.parameters)))
    if (packed[name]) data.set(packed[name].data);
  return flat;
}

/** An encoder with drawn weights: what training has to beat. */
export function untrained(
  videos: readonly Sequence[],
  given: GivenSettings = {},
  backbone: BackboneFile = {},
): TccModel {
  const settings = settingsFor(videos, given);
  const encoder = encoderOf(specFor(videos, settings, backbone), backbone.onnx);
  const parameters = withState(encoder, encoder.init(new Random(settings.seed).fork()), backbone.state);
  return { spec: encoder.spec, parameters, ...(backbone.onnx ? { backbone: backbone.onnx } : {}) };
}
