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
  unflatten,
} from "@reprise/engine";
import { firstPass, type ProposalLimits, proposalsOf } from "./first-pass.ts";
import { type LossName, type TrainingInput, trainingLosses } from "./losses.ts";
import type { StateDict } from "./network.ts";
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
  /** Arrays that stay as they are; torchvision freezes the first two stages of pretrained backbones. */
  readonly frozen?: (name: string) => boolean;
}

export interface StepLosses {
  /** The sum. Where it is not finite, the step was not taken. */
  readonly loss: number;
  readonly losses: Readonly<Record<LossName, number>>;
}

/** torchvision's `maskrcnn_resnet50_fpn` and its reference training. */
const published = {
  minSize: 800,
  maxSize: 1333,
  anchorSizes: [32, 64, 128, 256, 512],
  ratios: [0.5, 1, 2],
  limits: { preNms: 2000, postNms: 2000 },
  sampling: {},
} as const;

/** Statistics and factors of frozen batch normalisation. */
const isNorm = (name: string) => /\.bn\d\.|downsample\.1\./.test(name);

export class MaskRcnnTraining {
  readonly #state: StateDict;
  readonly #layout: Layout;
  readonly #options: Omit<Required<TrainingOptions>, "optimizer" | "frozen">;
  readonly #training: Training;
  readonly #first: Compiled<string, string>;

  private constructor(
    state: StateDict,
    layout: Layout,
    options: Omit<Required<TrainingOptions>, "optimizer" | "frozen">,
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
    { optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 }), frozen = () => false, ...options }: TrainingOptions = {},
  ): Promise<MaskRcnnTraining> {
    const names = Object.keys(state).filter((name) => !isNorm(name) && !frozen(name));
    const layout = Object.fromEntries(names.map((name) => [name, state[name]!.shape]));
    const trained = new Set(names);
    const arrays = (x: Inputs<string>) => (name: string) =>
      trained.has(name) ? x[name]! : Object.values(x)[0]!.graph.constant(state[name]!);
    const training = await Training.start(
      runtime,
      {
        parameters: layout,
        optimizer,
        forward(parameters, batch: Inputs<TrainingInput>) {
          const losses = trainingLosses(state, arrays(parameters), batch);
          return { loss: Object.values(losses).reduce((a, b) => add(a, b)), report: losses };
        },
      },
      { parameters: flattenArrays(state, layout) },
    );
    const first = compile(runtime, (x: Inputs<string>) => firstPass(state, arrays(x), x.images!));
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
    { learningRate }: { readonly learningRate: number },
  ): Promise<StepLosses> {
    targets.forEach(requireTargets);
    const { anchorSizes, ratios, limits, sampling } = this.#options;
    const batch = imageBatch(pictures, this.#options);
    const images: Tensor = { dtype: "float32", shape: batch.shape, data: batch.data };
    const found = await this.#first.run({ ...(await this.#parameters()), images });
    const { anchors, proposals } = proposalsOf(found, batch, { anchorSizes, ratios, ...limits });
    const seen = targets.map((own, i) => resizedTargets(own, pictures[i]!, batch.sizes[i]!));
    const classes = this.#state["roi_heads.box_predictor.cls_score.bias"]!.shape[0]!;
    const inputs = trainingInputs(batch, anchors, proposals, seen, classes, sampling);
    const { loss, report } = await this.#training.run({ images, ...inputs }, { learningRate });
    const losses = Object.fromEntries(Object.entries(report).map(([name, value]) => [name, Number(value.data[0])]));
    return { loss, losses: losses as Record<LossName, number> };
  }

  /** All arrays as they are now. */
  async stateDict(): Promise<StateDict> {
    return { ...this.#state, ...(await this.#parameters()) };
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
