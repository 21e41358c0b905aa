// What the paper and its authors publish, each with its source. "Repository" is github.com/elliothe/BFA at d75af0c.

/** How the attack is set. */
export const attackSettings = {
  bits: 8, // §4.1
  sampleSize: 128, // repository, BFA_CIFAR.sh: one training batch
  atOnce: 1, // §3.2: n_b starts at 1 in each iteration and grows where no flip raises the loss
  topK: undefined, // repository: all weights, since BFA_CIFAR.sh sets k_top and never passes it
  stopAccuracy: { cifar10: 0.11, imageNet: 0.002 }, // repository, main.py
  trials: 5, // Table 1 gives five
} as const;

/** Flips to a guess that the authors report for one network. */
export interface PublishedFlips {
  readonly network: string;
  readonly dataSet: "CIFAR-10" | "ImageNet";
  readonly bits: number;
  /** Accuracy before and after, in percent; null where it is not given. */
  readonly before: number | null;
  readonly after: number | null;
  readonly flips: number;
  /** Standard deviation over trials, where given. */
  readonly deviation?: number;
  readonly source: string;
}

export const publishedFlips: readonly PublishedFlips[] = [
  {
    ...{ network: "resnet18", dataSet: "ImageNet", bits: 8, before: 69.8, after: 0.1, flips: 13 },
    source: "abstract: 13 flips of 93 million bits",
  },
  ...[
    { bits: 8, before: 91.84, flips: 28, deviation: 4.47 },
    { bits: 6, before: 92.21, flips: 29.3, deviation: 2.38 },
    { bits: 4, before: 91.33, flips: 40.8, deviation: 6.3 },
  ].map((row) => ({
    ...{ network: "resnet20", dataSet: "CIFAR-10" as const, after: null, ...row },
    source: "repository, visulization/performace_eval.ipynb, no defence: networks of the authors' CVPR 2020 paper",
  })),
];
