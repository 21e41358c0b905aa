// What the reader chooses in the panel "bit flips", task by task. Light: the page loads it before anything runs.

/** The paper whose page shows the panel; its content folder holds the quantised networks. */
export const paperKey = "journals/corr/abs-1903-12269";

/** The networks that are shipped, by their names in `models/models.json`. */
export const networks = [
  { name: "resnet8", label: "ResNet-8" },
  { name: "resnet8-clustered", label: "ResNet-8, piecewise clustering" },
] as const;

export type NetworkName = (typeof networks)[number]["name"];

export const titleOf = (name: string): string => networks.find((network) => network.name === name)?.label ?? name;

/** Layers of both networks, from image to scores: names and numbers of weights. A test compares them with the files. */
export const layers = [
  { name: "conv1", weights: 144 },
  { name: "layer1.0.conv1", weights: 2304 },
  { name: "layer1.0.conv2", weights: 2304 },
  { name: "layer2.0.conv1", weights: 4608 },
  { name: "layer2.0.conv2", weights: 9216 },
  { name: "layer3.0.conv1", weights: 18432 },
  { name: "layer3.0.conv2", weights: 36864 },
  { name: "linear", weights: 640 },
] as const;

export type LayerName = (typeof layers)[number]["name"];

export type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** Find the few bits. */
export interface SearchInputs {
  readonly network: NetworkName | "own";
  /** The reader's own model, by the name the page keeps it under. */
  readonly model: string;
  /** Images of the attack sample. */
  readonly sample: number;
  readonly maxFlips: number;
  /** Of the random flips beside it. */
  readonly seed: number;
}

/** Flip a bit by hand. */
export interface HandInputs {
  readonly network: NetworkName;
  readonly layer: LayerName;
  /** Row-major place in the layer. */
  readonly weight: number;
  /** 0: least significant; 7: the sign. */
  readonly bit: number;
}

/** Make everything one class. */
export interface TargetInputs {
  readonly network: NetworkName;
  readonly digit: Digit;
  readonly sample: number;
  readonly maxFlips: number;
}

/** What the panel begins with, and what the stored run was made with. */
export const defaultSearch: SearchInputs = { network: "resnet8", model: "", sample: 32, maxFlips: 10, seed: 0 };
export const defaultHand: HandInputs = { network: "resnet8", layer: "conv1", weight: 0, bit: 7 };
export const defaultTarget: TargetInputs = { network: "resnet8", digit: "8", sample: 32, maxFlips: 12 };

/** Test images that the accuracy in the page is of. */
export const testImages = 200;
