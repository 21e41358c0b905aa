// Training: videos of one action, without labels → an encoder. It is judged by Kendall's τ on pairs that it has not seen,
// not by its loss, which falls where cycles close without aligning anything.
import { Random } from "@reprise/data";
import { adam, layoutSize, type Runtime, type TrainingProgram, type Values } from "@reprise/engine";
import { type Checkpoint, cosine, type Following, initialize, train as run } from "@reprise/nn";
import { VideoBatches } from "./batches.ts";
import { embed } from "./embed.ts";
import { type Encoder, type EncoderSpec, encoderOf } from "./encoder.ts";
import { featureStatistics, frameShapeOf } from "./frames.ts";
import { alignmentTau } from "./metrics/kendall.ts";
import { headParameters, objectiveLoss } from "./objective.ts";
import { presets, type TrainSettings } from "./settings.ts";
import { checkSequences, type Sequence } from "./video.ts";

/** A trained encoder. */
export interface TccModel {
  readonly spec: EncoderSpec;
  readonly parameters: Float32Array;
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
  readonly settings?: Partial<TrainSettings>;
  /** Pairs of these decide which step is kept; a tenth of thirty or more videos if left out, else the videos themselves. */
  readonly heldOut?: readonly Sequence[];
  readonly from?: TccCheckpoint;
}

export interface Trained extends TccModel {
  readonly settings: TrainSettings;
  /** The step whose weights these are, and τ on held-out pairs then; null where no pair has one. */
  readonly step: number;
  readonly tau: number | null;
  readonly stopped: "steps" | "patience";
  readonly heldOut: readonly string[];
}

/** Settings of the preset for what the videos are, with those that are given. */
export function settingsFor(sequence: Sequence, given: Partial<TrainSettings> = {}): TrainSettings {
  const encoder = given.encoder ?? (sequence.shape.length === 2 ? "mlp" : "small");
  const wanted = encoder === "mlp" ? 2 : 4;
  if (sequence.shape.length !== wanted)
    throw new RangeError(
      `encoder ${encoder} takes ${encoder === "mlp" ? "features [frames, features]" : "images [frames, height, width, channels]"}; ${sequence.name} is [${sequence.shape.join(", ")}].`,
    );
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...presets[encoder], encoder, ...defined };
}

/** A tenth of the videos if there are thirty or more. Of fewer none can be spared: τ is that of the training's own. */
export function holdOut(sequences: readonly Sequence[], seed: number): [train: Sequence[], heldOut: Sequence[]] {
  if (sequences.length < 30) return [[...sequences], [...sequences]];
  const order = Array.from(new Random(seed).permutation(sequences.length), (i) => sequences[i]!);
  const count = Math.round(sequences.length / 10);
  return [order.slice(count), order.slice(0, count)];
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
  { settings: given = {}, heldOut, from, signal, onProgress }: TrainOptions = {},
): Promise<Trained> {
  checkSequences(videos, { atLeast: 2 });
  const settings = settingsFor(videos[0]!, given);
  const [own, others] = heldOut ? [videos, heldOut] : holdOut(videos, settings.seed);
  checkSequences([own[0]!, ...others], { atLeast: 3 });
  const encoder = encoderOf(specFor(own, settings));
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
  const start = new Float32Array(layoutSize(program.parameters));
  start.set(encoder.init(initial.fork()));
  start.set(initialize(headParameters(settings), initial.fork()), encoderSize);
  const wrap = (training: Checkpoint): TccCheckpoint => ({ training, best, waited });
  let last: Checkpoint | null = null;
  let judged: Float32Array | null = null;
  try {
    last = await run(runtime, {
      program,
      batches: new VideoBatches(own, encoder.spec, settings),
      schedule: cosine(settings.learningRate, { steps: settings.steps }),
      steps: settings.steps,
      from: from?.training ?? { parameters: start },
      config,
      validateEvery: settings.validateEvery,
      checkpointEvery: settings.validateEvery,
      signal: signal ? AbortSignal.any([signal, patience.signal]) : patience.signal,
      async validate({ parameters }) {
        judged = parameters;
        const embedded = await embed(runtime, encoder, parameters.subarray(0, encoderSize), others, {
          ...(signal ? { signal } : {}),
        });
        const { tau } = alignmentTau(embedded, { stride: 2 });
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
        if (tau !== null && (best === null || tau > best.tau)) {
          best = { step: event.done, tau, parameters: judged!.slice() };
          waited = 0;
        } else waited++;
        await onProgress?.({ kind: "validation", ...at, tau, best: best && { step: best.step, tau: best.tau } });
        if (settings.patience > 0 && waited >= settings.patience) patience.abort();
      },
    });
  } catch (error) {
    if (!patience.signal.aborted || signal?.aborted) throw error;
  }
  const kept = best ?? { step: last!.state.step, tau: null, parameters: last!.state.parameters };
  return {
    spec: encoder.spec,
    settings,
    step: kept.step,
    tau: kept.tau,
    parameters: kept.parameters.slice(0, encoderSize),
    stopped: patience.signal.aborted ? "patience" : "steps",
    heldOut: others.map(({ name }) => name),
  };
}

export function specFor(sequences: readonly Sequence[], settings: TrainSettings): EncoderSpec {
  const { encoder: kind, context, contextStride, dimensions } = settings;
  const frameShape = frameShapeOf(sequences[0]!);
  return {
    kind,
    frameShape,
    context,
    contextStride,
    dimensions,
    ...(kind === "mlp" ? featureStatistics(sequences) : {}),
  };
}

const programOf = (encoder: Encoder, settings: TrainSettings): TrainingProgram => ({
  parameters: { ...encoder.parameters, ...headParameters(settings) },
  optimizer: adam(),
  clipNorm: settings.clipNorm,
  forward: (p: Values, { x, ...batch }: Values) => ({
    loss: objectiveLoss(settings, p, encoder.forward(p, x!), batch),
  }),
});

/** An encoder with drawn weights: what training has to beat. */
export function untrained(videos: readonly Sequence[], given: Partial<TrainSettings> = {}): TccModel {
  const settings = settingsFor(videos[0]!, given);
  const encoder = encoderOf(specFor(videos, settings));
  return { spec: encoder.spec, parameters: encoder.init(new Random(settings.seed).fork()) };
}
