/** Published settings of Szegedy et al. 2013 (arXiv 1312.6199), each with its source. */
export const published = {
  key: "journals/corr/SzegedyZSBEGF13",
  /** Pixel values. §4.1: x + r ∈ [0, 1]ᵐ. */
  lower: 0,
  upper: 1,
  /** The term in r. §4.1 prints |r|; public implementations take |r|², as we do by default: see `Departure:` in README. */
  norm: "l2",
  /** Weight decay λ Σ w² / k with k the number of units of the layer; λ by layer. Table 1. */
  networks: [
    { name: "FC10(1e-4)", layers: [784, 10], weightDecay: [1e-4] },
    { name: "FC10(1e-2)", layers: [784, 10], weightDecay: [1e-2] },
    { name: "FC10(1)", layers: [784, 10], weightDecay: [1] },
    { name: "FC100-100-10", layers: [784, 100, 100, 10], weightDecay: [1e-5, 1e-5, 1e-6] },
    { name: "FC200-200-10", layers: [784, 200, 200, 10], weightDecay: [1e-5, 1e-5, 1e-6] },
    { name: "AE400-10", layers: [784, 400, 10], weightDecay: [0, 1e-6] },
  ],
  /** Standard deviations of the control noise. Tables 2 and 4. */
  gaussianSigmas: [0.06, 0.1, 0.3],
  /** RMS per pixel that perturbations are amplified to. Table 4. */
  amplifyTo: 0.1,
} as const;

/** What §4.2 claims of training FC100-100-10 on adversarial examples of its layers: a test error below this, in %. */
export const claimedTestErrorBelow = 1.2;

/** Its comparison: weight decay alone, and "around" this with dropout, in %. Of images alone it gives no number. */
export const claimedTestErrors = { weightDecay: 1.6, dropout: 1.3 } as const;

/** A table of the paper, as claimed there. */
export interface ClaimedTable {
  /** "Table 1" … */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly ClaimedColumn[];
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export interface ClaimedColumn {
  readonly name: string;
  /** "%" of images, "rms" = root mean square per pixel, "bound" = operator norm. */
  readonly unit: "%" | "rms" | "bound";
}

const percent = (name: string): ClaimedColumn => ({ name, unit: "%" });
const rms = (name: string): ClaimedColumn => ({ name, unit: "rms" });

/** Every number of the paper's five tables, claimed by its authors; none of them is ours. */
export const claimed: readonly ClaimedTable[] = [
  {
    name: "Table 1",
    caption: "Average distortion that makes every training image misclassified, MNIST",
    columns: [percent("training error"), percent("test error"), rms("av. min. distortion")],
    rows: [
      { name: "FC10(1e-4)", values: [6.7, 7.4, 0.062] },
      { name: "FC10(1e-2)", values: [10, 9.4, 0.1] },
      { name: "FC10(1)", values: [21.2, 20, 0.14] },
      { name: "FC100-100-10", values: [0, 1.64, 0.058] },
      { name: "FC200-200-10", values: [0, 1.54, 0.065] },
      { name: "AE400-10", values: [0.57, 1.9, 0.086] },
    ],
  },
  {
    name: "Table 2",
    caption: "Error that images made for one network (row) induce on another (column), MNIST",
    columns: [
      ...["FC10(1e-4)", "FC10(1e-2)", "FC10(1)", "FC100-100-10", "FC200-200-10", "AE400-10"].map(percent),
      rms("av. distortion"),
    ],
    rows: [
      { name: "FC10(1e-4)", values: [100, 11.7, 22.7, 2, 3.9, 2.7, 0.062] },
      { name: "FC10(1e-2)", values: [87.1, 100, 35.2, 35.9, 27.3, 9.8, 0.1] },
      { name: "FC10(1)", values: [71.9, 76.2, 100, 48.1, 47, 34.4, 0.14] },
      { name: "FC100-100-10", values: [28.9, 13.7, 21.1, 100, 6.6, 2, 0.058] },
      { name: "FC200-200-10", values: [38.2, 14, 23.8, 20.3, 100, 2.7, 0.065] },
      { name: "AE400-10", values: [23.4, 16, 24.8, 9.4, 6.6, 100, 0.086] },
      { name: "Gaussian noise, σ = 0.1", values: [5, 10.1, 18.3, 0, 0, 0.8, 0.1] },
      { name: "Gaussian noise, σ = 0.3", values: [15.6, 11.3, 22.7, 5, 4.3, 3.1, 0.3] },
    ],
  },
  {
    name: "Table 3",
    caption: "Networks trained on the two halves P1 and P2 of MNIST's training set",
    columns: [percent("error on P1"), percent("error on P2"), percent("test error"), rms("min. av. distortion")],
    rows: [
      { name: "FC100-100-10 on P1", values: [0, 2.4, 2, 0.062] },
      { name: "FC123-456-10 on P1", values: [0, 2.5, 2.1, 0.059] },
      { name: "FC100-100-10′ on P2", values: [2.3, 0, 2.1, 0.058] },
    ],
  },
  {
    name: "Table 4",
    caption: "Error that images made for one network (row) induce on networks of other training data (column)",
    columns: ["FC100-100-10", "FC123-456-10", "FC100-100-10′"].map(percent),
    rows: [
      { name: "for FC100-100-10 (av. 0.062)", values: [100, 26.2, 5.9] },
      { name: "for FC123-456-10 (av. 0.059)", values: [6.25, 100, 5.1] },
      { name: "for FC100-100-10′ (av. 0.058)", values: [8.2, 8.2, 100] },
      { name: "Gaussian noise, σ = 0.06", values: [2.2, 2.6, 2.4] },
      { name: "for FC100-100-10, amplified to 0.1", values: [100, 98, 43] },
      { name: "for FC123-456-10, amplified to 0.1", values: [96, 100, 22] },
      { name: "for FC100-100-10′, amplified to 0.1", values: [27, 50, 100] },
      { name: "Gaussian noise, σ = 0.1", values: [2.6, 2.8, 2.7] },
    ],
  },
  {
    name: "Table 5",
    caption: "Frame bounds (upper Lipschitz constants) of AlexNet's layers",
    columns: [{ name: "upper bound", unit: "bound" }],
    rows: [
      { name: "Conv. 1, 3 × 11 × 11 × 96, stride 4", values: [2.75] },
      { name: "Conv. 2, 96 × 5 × 5 × 256", values: [10] },
      { name: "Conv. 3, 256 × 3 × 3 × 384", values: [7] },
      { name: "Conv. 4, 384 × 3 × 3 × 384", values: [7.5] },
      { name: "Conv. 5, 384 × 3 × 3 × 256", values: [11] },
      { name: "FC. 1, 9216 × 4096", values: [3.12] },
      { name: "FC. 2, 4096 × 4096", values: [4] },
      { name: "FC. 3, 4096 × 1000", values: [4] },
    ],
  },
];
