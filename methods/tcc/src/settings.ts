// What a training can be told, and what it does if it is told nothing.
import type { TccLossOptions } from "./options.ts";

export type EncoderKind = "small" | "mlp";
export type Objective = "tcc" | "sal" | "tcn";

export interface TrainSettings {
  readonly encoder: EncoderKind;
  /** TCC, or one of the paper's baselines on the same encoder: shuffle and learn, time-contrastive networks. */
  readonly objective: Objective;
  readonly steps: number;
  readonly seed: number;
  /** At the start; it falls to 0 along a cosine. */
  readonly learningRate: number;
  readonly videosPerStep: number;
  readonly framesPerVideo: number;
  readonly context: number;
  readonly contextStride: number;
  readonly dimensions: number;
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
  /** Images: brightness and contrast; features: noise. */
  readonly augment: boolean;
  /** Steps between two looks at τ. */
  readonly validateEvery: number;
  /** Looks without a better τ after which training ends; 0 never does. */
  readonly patience: number;
}

/**
 * Departure from the authors' config.py (ResNet-50 or VGG-M, batch norm, 2 videos a step, 150,000 steps): settings with
 * which synthetic videos are aligned after minutes on two cores.
 */
export const presets: Readonly<Record<EncoderKind, Omit<TrainSettings, "encoder">>> = {
  small: {
    objective: "tcc",
    steps: 4000,
    seed: 0,
    learningRate: 3e-4,
    videosPerStep: 4,
    framesPerVideo: 20, // config.py
    context: 2, // config.py
    contextStride: 8,
    dimensions: 128, // config.py
    clipNorm: 5,
    // −10·‖u − v‖² on the unit sphere.
    loss: { loss: "regression-mse", temperature: 0.1 / 128, varianceEps: 1e-4 },
    lossScale: 100,
    cycles: "deterministic",
    cycleCount: 20, // config.py
    cycleLength: 2, // config.py
    augment: true,
    validateEvery: 250,
    patience: 0,
  },
  mlp: {
    objective: "tcc",
    steps: 1200,
    seed: 0,
    learningRate: 1e-3,
    videosPerStep: 4,
    framesPerVideo: 20,
    context: 2,
    contextStride: 4,
    dimensions: 32,
    clipNorm: 5,
    loss: { loss: "regression-mse", temperature: 0.1 / 32, varianceEps: 1e-4 },
    lossScale: 100,
    cycles: "deterministic",
    cycleCount: 20,
    cycleLength: 2,
    augment: true,
    validateEvery: 100,
    patience: 0,
  },
};
