// Training: one step as its user sees it, five losses and one optimizer. Inside, a first pass makes proposals, which
// TypeScript samples, and a second graph has the losses, their gradient and the update.
import {
  add,
  type Compiled,
  compile,
  flattenArrays,
  type Inputs,
  type Layout,
  type Optimizer,
  type Runtime,
  sgd,
  type Tensor,
  Training,
  type TrainingState,
  unflatten,
} from "@reprise/engine";
import { firstPass, type ProposalLimits, proposalsOf } from "./first-pass.ts";
import { type Losses, type TrainingInput, trainingLosses } from "./losses.ts";
import { maskChannels, regionShape, type StateDict } from "./network.ts";
import type { Conventions, MaskLoss, RoiPooling } from "./settings.ts";
import { type PictureTargets, resizedTargets, type SamplingOptions, trainingInputs } from "./targets.ts";
import { imageBatch, type Picture } from "./transform.ts";

export interface TrainingOptions {
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly anchorSizes?: readonly number[];
  readonly ratios?: readonly number[];
  readonly limits?: ProposalLimits;
  readonly sampling?: SamplingOptions;
  readonly optimizer?: Optimizer;
  /** A gradient of a larger norm is scaled down to it. */
  readonly clipNorm?: number;
  /** Arrays that stay as they are; torchvision freezes the first two stages of pretrained backbones. */
  readonly frozen?: (name: string) => boolean;
  /** Pictures are padded to a square of it, so that sizes that differ share one graph. */
  readonly canvas?: number;
  /** How features of regions are taken. */
  readonly pooling?: RoiPooling;
  readonly maskLoss?: MaskLoss;
  readonly conventions?: Conventions;
  /** Goes on from what `state` gave. */
  readonly from?: TrainingState;
}

/** What is chosen anew at each step. */
export interface StepOptions {
  readonly learningRate: number;
  /** Of the pictures' shorter sides, in place of the training's own. */
  readonly minSize?: number;
  /** In place of the sampler's order. */
  readonly order?: SamplingOptions["order"];
}

export interface StepLosses {
  /** The sum. Where it is not finite, the step was not taken. */
  readonly loss: number;
  readonly losses: Losses;
}

/** torchvision's `maskrcnn_resnet50_fpn` and its reference training. */
const published = {
  minSize: 800,
  maxSize: 1333,
  anchorSizes: [32, 64, 128, 256, 512],
  ratios: [0.5, 1, 2],
  limits: { preNms: 2000, postNms: 2000 },
  sampling: {},
} satisfies TrainingOptions;

type Settled = Required<Pick<TrainingOptions, keyof typeof published>> &
  Pick<TrainingOptions, "canvas" | "conventions">;

/** Whether it is a statistic or a factor of batch normalisation, which training leaves alone. */
const isNorm = (state: StateDict, name: string) => name.replace(/[^.]+$/, "running_mean") in state;

/** The arrays that are trained, in order. */
export const trainedLayout = (state: StateDict, frozen: (name: string) => boolean = () => false): Layout =>
  Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => !isNorm(state, name) && !frozen(name))
      .map(([name, { shape }]) => [name, shape]),
  );

export class MaskRcnnTraining {
  readonly #state: StateDict;
  readonly #layout: Layout;
  readonly #options: Settled;
  readonly #training: Training;
  readonly #first: Compiled<string, string>;

  private constructor(
    state: StateDict,
    layout: Layout,
    options: Settled,
    training: Training,
    first: Compiled<string, string>,
  ) {
    this.#state = state;
    this.#layout = layout;
    this.#options = options;
    this.#training = training;
    this.#first = first;
  }

  /** @param state  where to start: arrays under torchvision's names */
  static async start(
    runtime: Runtime,
    state: StateDict,
    {
      optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 }),
      frozen = () => false,
      clipNorm,
      from,
      ...options
    }: TrainingOptions = {},
  ): Promise<MaskRcnnTraining> {
    if (options.maskLoss === "softmax" && maskChannels(state) === 1)
      throw new RangeError("Classes that share a mask cannot compete for its pixels: take the sigmoid loss with it.");
    const layout = trainedLayout(state, frozen);
    const trained = new Set(Object.keys(layout));
    const arrays = (x: Inputs<string>) => (name: string) =>
      trained.has(name) ? x[name]! : Object.values(x)[0]!.graph.constant(state[name]!);
    const training = await Training.start(
      runtime,
      {
        parameters: layout,
        optimizer,
        ...(clipNorm !== undefined && Number.isFinite(clipNorm) ? { clipNorm } : {}),
        forward(parameters, batch: Inputs<TrainingInput>) {
          const losses = trainingLosses(state, arrays(parameters), batch, options);
          return { loss: Object.values(losses).reduce((a, b) => add(a, b)), report: losses };
        },
      },
      from ?? { parameters: flattenArrays(state, layout) },
    );
    const first = compile(runtime, (x: Inputs<string>) => firstPass(state, arrays(x), x.images!, options.conventions));
    return new MaskRcnnTraining(state, layout, { ...published, ...options }, training, first);
  }

  /** Steps done. */
  get step(): number {
    return this.#training.step;
  }

  /** One step on these pictures. */
  async run(
    pictures: readonly Picture[],
    targets: readonly PictureTargets[],
    { learningRate, minSize = this.#options.minSize, order }: StepOptions,
  ): Promise<StepLosses> {
    targets.forEach(requireTargets);
    const { anchorSizes, ratios, limits, sampling, conventions } = this.#options;
    const batch = imageBatch(pictures, { ...this.#options, minSize });
    const images: Tensor = { dtype: "float32", shape: batch.shape, data: batch.data };
    const found = await this.#first.run({ ...(await this.#parameters()), images });
    const { anchors, proposals } = proposalsOf(found, batch, { anchorSizes, ratios, conventions, ...limits });
    const seen = targets.map((own, i) => resizedTargets(own, pictures[i]!, batch.sizes[i]!));
    const classes = this.#state["roi_heads.box_predictor.cls_score.bias"]!.shape[0]!;
    const inputs = trainingInputs(batch, anchors, proposals, seen, classes, {
      ...sampling,
      ...(order ? { order } : {}),
      ...regionShape(this.#state),
    });
    const { loss, report } = await this.#training.run({ images, ...inputs }, { learningRate });
    const losses = Object.fromEntries(Object.entries(report).map(([name, value]) => [name, Number(value.data[0])]));
    return { loss, losses: { loss_mask: 0, ...losses } as Losses };
  }

  /** All arrays as they are now. */
  async stateDict(): Promise<StateDict> {
    return { ...this.#state, ...(await this.#parameters()) };
  }

  /** What training goes on from; vectors are of `trainedLayout`. */
  state(): Promise<TrainingState> {
    return this.#training.state();
  }

  async release(): Promise<void> {
    await Promise.all([this.#training.release(), this.#first.release()]);
  }

  async #parameters(): Promise<Record<string, Tensor>> {
    return unflatten((await this.#training.state()).parameters, this.#layout);
  }
}

function requireTargets({ boxes, labels, masks }: PictureTargets, i: number): void {
  if (boxes.length !== 4 * labels.length || masks.length !== labels.length)
    throw new RangeError(
      `Picture ${i} has ${boxes.length / 4} boxes, ${labels.length} labels and ${masks.length} masks; they must be as many.`,
    );
  for (let g = 0; g < labels.length; g++)
    if (!(boxes[4 * g + 2]! > boxes[4 * g]! && boxes[4 * g + 3]! > boxes[4 * g + 1]!))
      throw new RangeError(`Picture ${i}: box ${g} (${boxes.subarray(4 * g, 4 * g + 4).join(", ")}) has no area.`);
}
