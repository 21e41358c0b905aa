// Training: a run of steps on pictures that are drawn by seed and step, so that a resume needs no generator's state.
import { adam, type Runtime, sgd, type TrainingState } from "@reprise/engine";
import { constantRate, cosine, type Following, milestones, type Schedule, warmUp } from "@reprise/nn";
import { drawAt, type Examples, indicesAt, mirrored } from "./examples.ts";
import type { Losses } from "./losses.ts";
import type { StateDict } from "./network.ts";
import type { TrainSettings } from "./settings.ts";
import { MaskRcnnTraining } from "./training.ts";

/** Everything that a training needs to go on with the same settings, pictures and first weights. */
export interface MaskRcnnCheckpoint {
  readonly training: TrainingState;
  /** Steps tried, those that were not taken included. */
  readonly step: number;
  readonly skipped: number;
}

export type MaskRcnnEvent = { readonly done: number; readonly total: number } & (
  | {
      readonly kind: "step";
      readonly loss: number;
      readonly losses: Losses;
      readonly learningRate: number;
      readonly secondsPerStep: number;
    }
  /** The loss was not finite: the weights are those before the step. */
  | { readonly kind: "skipped"; readonly pictures: readonly string[] }
  | { readonly kind: "checkpoint"; readonly checkpoint: MaskRcnnCheckpoint; readonly state: StateDict }
);

/** Losses that were not finite for so many steps on end. */
export class MaskRcnnDiverged extends Error {
  override readonly name = "MaskRcnnDiverged";
  readonly checkpoint: MaskRcnnCheckpoint;
  readonly state: StateDict;

  constructor(message: string, checkpoint: MaskRcnnCheckpoint, state: StateDict) {
    super(message);
    this.checkpoint = checkpoint;
    this.state = state;
  }
}

/** Steps on end that are not taken before training is given up. */
const patience = 10;

export interface TrainOptions extends Following<MaskRcnnEvent> {
  readonly settings: TrainSettings;
  readonly from?: MaskRcnnCheckpoint;
}

/** Whether an array belongs to a part that is frozen, `backbone` or `backbone.body.layer1`. */
export const isFrozen =
  (parts: readonly string[]) =>
  (name: string): boolean =>
    parts.some((part) => name === part || name.startsWith(`${part}.`));

/**
 * Trains from the arrays of `state`. Checkpoints are told each `validateEvery` steps, at the end and where it is stopped.
 *
 * @throws MaskRcnnDiverged with the last good weights when losses stay infinite or NaN
 */
export async function train(
  runtime: Runtime,
  state: StateDict,
  examples: Examples,
  { settings, from, signal, onProgress }: TrainOptions,
): Promise<StateDict> {
  const { steps, batchSize, seed, minSize, maxSize, anchorSizes, preNms, postNms } = settings;
  const rate = scheduleOf(settings);
  const training = await MaskRcnnTraining.start(runtime, state, {
    ...{ minSize, maxSize, anchorSizes, canvas: maxSize },
    limits: { preNms, postNms },
    sampling: {
      anchorsPerImage: settings.anchorsPerImage,
      regionsPerImage: settings.regionsPerImage,
      canonicalSize: settings.canonicalSize,
    },
    optimizer:
      settings.optimizer === "adam"
        ? adam({ weightDecay: settings.weightDecay })
        : sgd({ momentum: 0.9, weightDecay: settings.weightDecay }),
    clipNorm: settings.clipNorm,
    ...(settings.pooling ? { pooling: settings.pooling } : {}),
    ...(settings.maskLoss ? { maskLoss: settings.maskLoss } : {}),
    ...(settings.conventions ? { conventions: settings.conventions } : {}),
    frozen: isFrozen(settings.freeze),
    ...(from ? { from: from.training } : {}),
  });
  let step = from?.step ?? 0;
  let skipped = from?.skipped ?? 0;
  let inRow = 0;
  const begun = { at: performance.now(), step };
  const kept = async () => ({ training: await training.state(), step, skipped });
  const tell = async () =>
    onProgress?.({
      ...{ kind: "checkpoint", done: step, total: steps },
      checkpoint: await kept(),
      state: await training.stateDict(),
    });
  try {
    while (step < steps) {
      if (signal?.aborted) {
        await tell();
        signal.throwIfAborted();
      }
      const random = drawAt(seed + 1, step);
      const indices = indicesAt(examples, step, batchSize, seed);
      const read = await Promise.all(indices.map((i) => examples.read(i)));
      const shown = read.map((one) => (settings.flip && random.uniform() < 0.5 ? mirrored(one) : one));
      const learningRate = rate(step);
      const { loss, losses } = await training.run(
        shown.map(({ picture }) => picture),
        shown.map(({ targets }) => targets),
        { learningRate, minSize: drawnSize(settings, step), order: (n) => random.permutation(n) },
      );
      step++;
      const at = { done: step, total: steps };
      if (Number.isFinite(loss)) {
        inRow = 0;
        const secondsPerStep = (performance.now() - begun.at) / 1000 / (step - begun.step);
        await onProgress?.({ kind: "step", ...at, loss, losses, learningRate, secondsPerStep });
      } else {
        skipped++;
        const pictures = indices.map((i) => examples.name(i));
        await onProgress?.({ kind: "skipped", ...at, pictures });
        if (++inRow === patience)
          throw new MaskRcnnDiverged(
            `The loss is ${loss} at step ${step} (${pictures.join(", ")}), as at the ${patience - 1} steps before. Lower the learning rate, ${settings.learningRate}, or lengthen the warm-up; the weights before are kept.`,
            await kept(),
            await training.stateDict(),
          );
      }
      if (step % settings.validateEvery === 0 || step === steps) await tell();
    }
    return await training.stateDict();
  } finally {
    await training.release();
  }
}

/** The shorter side of a step's pictures: of another generator than mirroring, so that one does not move the other. */
export function drawnSize(
  { minSize, minSizes = [], seed }: Pick<TrainSettings, "minSize" | "minSizes" | "seed">,
  step: number,
): number {
  if (minSizes.length === 0) return minSize;
  return minSizes[Math.floor(drawAt(seed + 2, step).uniform() * minSizes.length)]!;
}

function scheduleOf({ learningRate, steps, schedule, warmUp: rising }: TrainSettings): Schedule {
  const then =
    schedule === "cosine"
      ? cosine(learningRate, { steps })
      : schedule.length === 0
        ? constantRate(learningRate)
        : milestones(learningRate, { at: schedule.map((share) => Math.round(share * steps)) });
  return rising > 0 ? warmUp(then, { steps: rising, start: 0.001 }) : then;
}
