// What a training can be told, and what it does if it is told nothing.
import type { BackboneSpec, EncoderKind, Start } from "./encoder-spec.ts";
import type { TccLossOptions } from "./options.ts";

export type Objective = "tcc" | "sal" | "tcn" | "supervised";

export interface TrainSettings {
  readonly encoder: EncoderKind;
  /** TCC, or one of the paper's baselines on the same encoder: shuffle and learn, time-contrastive, a classifier. */
  readonly objective: Objective;
  readonly steps: number;
  /** Of supervised learning: the first such share of the videos is learnt from, one at least. */
  readonly labelled: number;
  /** And how many phases there are: counted in the labels. */
  readonly phases?: number;
  readonly seed: number;
  /** At the start; it falls to 0 along a cosine. */
  readonly learningRate: number;
  readonly videosPerStep: number;
  readonly framesPerVideo: number;
  readonly context: number;
  readonly contextStride: number;
  readonly dimensions: number;
  /** Of pictures: if left out, the first frame is subtracted for small where the camera stands still. */
  readonly start: Start;
  /** The gradient's norm is limited to it. */
  readonly clipNorm: number;
  readonly loss: TccLossOptions;
  /** What the loss is multiplied by. */
  readonly lossScale: number;
  /** Every frame through every other video, or cycles drawn at random. */
  readonly cycles: "deterministic" | "stochastic";
  /** Of stochastic cycles: how many a step, and the videos in each. */
  readonly cycleCount: number;
  readonly cycleLength: number;
  /** Images: brightness, contrast and place; features: noise. */
  readonly augment: boolean;
  /** Of images: half of the videos are mirrored as well, for actions by either hand. */
  readonly mirror: boolean;
  /** Steps between two looks at τ. */
  readonly validateEvery: number;
  /** Looks without a better τ after which training ends; 0 never does. */
  readonly patience: number;
  /** Of the published encoders. */
  readonly backbone?: BackboneSpec;
}

/** As config.py has them. Departures: 4,000 steps instead of 150,000, σ² from 10⁻⁴ up, gradients of norm 5 at most. */
const authors = {
  objective: "tcc",
  labelled: 1,
  steps: 4000,
  seed: 0,
  learningRate: 1e-4,
  videosPerStep: 2,
  framesPerVideo: 20,
  context: 2,
  contextStride: 15,
  dimensions: 128,
  start: "ignored",
  clipNorm: 5,
  loss: { loss: "regression-mse-var", temperature: 0.1, varianceEps: 1e-4 },
  lossScale: 1,
  cycles: "deterministic",
  cycleCount: 20,
  cycleLength: 2,
  augment: true,
  mirror: true, // config.py
  validateEvery: 250,
  patience: 0,
} as const satisfies Omit<TrainSettings, "encoder">;

const ours = {
  objective: "tcc",
  labelled: 1,
  steps: 4000,
  seed: 0,
  learningRate: 3e-4,
  videosPerStep: 4,
  framesPerVideo: 20, // config.py
  context: 2, // config.py
  contextStride: 8,
  dimensions: 128, // config.py
  start: "ignored",
  clipNorm: 5,
  // −10·‖u − v‖² on the unit sphere.
  loss: { loss: "regression-mse", temperature: 0.1 / 128, varianceEps: 1e-4 },
  lossScale: 100,
  cycles: "deterministic",
  cycleCount: 20, // config.py
  cycleLength: 2, // config.py
  augment: true,
  mirror: false,
  validateEvery: 250,
  patience: 0,
} as const satisfies Omit<TrainSettings, "encoder">;

/**
 * small, mlp and onnx depart from the authors' config.py (batch norm, 2 videos a step, 150,000 steps): with these settings
 * synthetic videos are aligned after minutes on two cores.
 */
export const presets: Readonly<Record<EncoderKind, Omit<TrainSettings, "encoder">>> = {
  small: ours,
  mlp: {
    ...ours,
    steps: 1200,
    learningRate: 1e-3,
    contextStride: 4,
    dimensions: 32,
    loss: { ...ours.loss, temperature: 0.1 / 32 },
    validateEvery: 100,
  },
  vggm: {
    ...authors,
    backbone: { width: 1, train: "all", pixels: "signed", embedder: 512, norm: "batch", unitLength: false },
  },
  resnet50: {
    ...authors,
    backbone: { width: 1, train: "only-bn", pixels: "imagenet", embedder: 512, norm: "batch", unitLength: false },
  },
  onnx: {
    ...ours,
    backbone: { width: 1, train: "frozen", pixels: "imagenet", embedder: 128, norm: "group", unitLength: true },
  },
};
