// What a training is told, and the settings that were published.

export const roiPoolings = ["align", "align-max", "warp", "warp-max", "pool"] as const;
/**
 * How features of a region are taken (Table 2c): RoIAlign, RoIWarp, RoIPool. Means of a bin's four samples or, where it
 * says so, the largest; RoIPool takes the largest feature of a bin.
 */
export type RoiPooling = (typeof roiPoolings)[number];

export const maskLosses = ["sigmoid", "softmax"] as const;
/** Each class's mask by itself, or classes that compete for each pixel (Table 2b). */
export type MaskLoss = (typeof maskLosses)[number];

export const networkFeatures = ["fpn", "c4", "c5"] as const;
/** A feature pyramid; the fourth stage's features, the fifth in the heads; or the fifth's, of stride 32 (Table 2d). */
export type NetworkFeatures = (typeof networkFeatures)[number];

export const maskHeads = ["fcn", "mlp-1", "mlp-2"] as const;
/** Convolutions, or one or two fully connected layers before the one that draws the mask (Table 2e). */
export type MaskHead = (typeof maskHeads)[number];

/**
 * Whose rules a network follows. detectron2's: anchors that are not rounded, RoIAlign with pixel centres at ½ and as many
 * samples as features in a bin; of Caffe's networks the stride of a bottleneck in its first convolution.
 */
export type Conventions = "torchvision" | "detectron2" | "detectron2-caffe";

/** What a network needs to know of pictures at inference: kept in its file. */
export interface PictureSettings {
  readonly minSize: number;
  readonly maxSize: number;
  /** One size for each level of the pyramid. */
  readonly anchorSizes: readonly number[];
  /** Regions of this size are taken from the pyramid's level 4. */
  readonly canonicalSize: number;
  /** How features of regions are taken; RoIAlign with the average if left out. */
  readonly pooling?: RoiPooling;
  /** What a mask's values were trained as; each class by itself, a sigmoid, if left out. */
  readonly maskLoss?: MaskLoss;
  /** torchvision's if left out. */
  readonly conventions?: Conventions;
}

export interface TrainSettings extends PictureSettings {
  /** Shorter sides, one of which is drawn for each step (multi-scale training); always `minSize` if left out. */
  readonly minSizes?: readonly number[];
  readonly steps: number;
  readonly batchSize: number;
  readonly optimizer: "adam" | "sgd";
  readonly learningRate: number;
  /** Steps over which the rate rises linearly from a thousandth. */
  readonly warmUp: number;
  /** Along a cosine to 0, or a tenth at these shares of the steps. */
  readonly schedule: "cosine" | readonly number[];
  readonly weightDecay: number;
  /** A gradient of a larger norm is scaled down to it. */
  readonly clipNorm: number;
  /** Half of the pictures are mirrored. */
  readonly flip: boolean;
  readonly anchorsPerImage: number;
  readonly regionsPerImage: number;
  /** Proposals of each level before suppression, and of a picture after it, while training. */
  readonly preNms: number;
  readonly postNms: number;
  /** Channels of the network's stages, of its pyramid and its box head, where it starts from drawn weights. */
  readonly widths: readonly [number, number, number, number];
  readonly channels: number;
  readonly representation: number;
  /** Parts of the network that keep their weights. */
  readonly freeze: readonly string[];
  readonly seed: number;
  /** Where regions are taken from, how masks are drawn, and whether classes share one: where drawn weights are started from. */
  readonly features?: NetworkFeatures;
  readonly maskHead?: MaskHead;
  readonly classAgnosticMask?: boolean;
  readonly validateEvery: number;
}

/** A network of half a million weights on pictures of 128 pixels: minutes on a CPU. */
const tiny = {
  minSize: 128,
  maxSize: 128,
  anchorSizes: [8, 16, 32, 64, 128],
  canonicalSize: 64,
  steps: 2000,
  batchSize: 2,
  optimizer: "adam",
  learningRate: 2e-3,
  warmUp: 100,
  schedule: "cosine",
  weightDecay: 0,
  clipNorm: 10,
  flip: true,
  anchorsPerImage: 64,
  regionsPerImage: 32,
  preNms: 200,
  postNms: 100,
  widths: [16, 32, 64, 96],
  channels: 32,
  representation: 96,
  freeze: [],
  seed: 0,
  validateEvery: 500,
} as const satisfies TrainSettings;

export const presets = {
  tiny,
  /** Few pictures: a low rate, a long warm-up and small gradients, since others' trainings of 20 pictures end in NaN. */
  "few-images": {
    ...tiny,
    minSize: 256,
    maxSize: 320,
    anchorSizes: [16, 32, 64, 128, 256],
    canonicalSize: 128,
    steps: 1000,
    learningRate: 5e-4,
    warmUp: 200,
    clipNorm: 5,
    regionsPerImage: 64,
    anchorsPerImage: 128,
    validateEvery: 250,
  },
  /** torchvision's references/detection/train.py and the defaults of maskrcnn_resnet50_fpn, for one picture a step. */
  torchvision: {
    ...tiny,
    minSize: 800,
    maxSize: 1333,
    anchorSizes: [32, 64, 128, 256, 512],
    canonicalSize: 224,
    steps: 90_000,
    batchSize: 1,
    optimizer: "sgd",
    learningRate: 0.02 / 16, // .02 for 16 pictures, scaled to the batch
    warmUp: 1000,
    schedule: [16 / 26, 22 / 26], // --lr-steps 16 22 of 26 epochs
    weightDecay: 1e-4,
    clipNorm: Number.POSITIVE_INFINITY,
    anchorsPerImage: 256,
    regionsPerImage: 512,
    preNms: 2000,
    postNms: 2000,
    channels: 256,
    representation: 1024,
    validateEvery: 5000,
  },
  /** §3.1, ResNet-FPN: 512 regions a picture, 160k steps, the rate a tenth at 120k, for one picture a step. */
  paper: {
    ...tiny,
    minSize: 800,
    maxSize: 1333, // not in the paper; Detectron's
    anchorSizes: [32, 64, 128, 256, 512],
    canonicalSize: 224,
    steps: 160_000,
    batchSize: 1,
    optimizer: "sgd",
    learningRate: 0.02 / 16, // .02 for 16 pictures
    warmUp: 1000, // not in the paper
    schedule: [0.75],
    weightDecay: 1e-4,
    clipNorm: Number.POSITIVE_INFINITY,
    anchorsPerImage: 256,
    regionsPerImage: 512,
    preNms: 2000,
    postNms: 2000,
    channels: 256,
    representation: 1024,
    validateEvery: 5000,
  },
} as const satisfies Readonly<Record<string, TrainSettings>>;

export type PresetName = keyof typeof presets;

/** The part of the settings that a network keeps. */
export const pictureSettings = ({
  minSize,
  maxSize,
  anchorSizes,
  canonicalSize,
  pooling,
  maskLoss,
  conventions,
}: TrainSettings): PictureSettings => ({
  ...{ minSize, maxSize, anchorSizes, canonicalSize },
  ...(pooling ? { pooling } : {}),
  ...(maskLoss ? { maskLoss } : {}),
  ...(conventions ? { conventions } : {}),
});
