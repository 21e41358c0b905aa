// What the reader chooses in the panel "adversarial examples". Light: the page loads it before anything runs.

/** The paper whose page shows the panel; its content folder holds the trained networks. */
export const paperKey = "journals/corr/SzegedyZSBEGF13";

/** The networks that are shipped, by their names in `models/models.json`. */
export const networks = [
  { name: "fc100-100-10", label: "FC100-100-10" },
  { name: "fc200-200-10", label: "FC200-200-10" },
  { name: "lenet", label: "LeNet" },
  { name: "fc10-1e-4", label: "FC10(10⁻⁴)" },
  { name: "fc10-1e-2", label: "FC10(10⁻²)" },
] as const;

export type NetworkName = (typeof networks)[number]["name"];

/** How the paper writes a network's name. */
export const titleOf = (name: string): string => networks.find((network) => network.name === name)?.label ?? name;

/** "closest" tries all nine wrong labels and keeps the nearest; "least" is the least likely one. */
export type TargetChoice = "closest" | "least" | "random" | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

export interface AdversarialInputs {
  /** `t7` is row 7 of the MNIST subset's test images; `d…` is a drawing (drawing-code.ts). */
  readonly digit: string;
  readonly network: NetworkName;
  readonly target: TargetChoice;
  /** What c multiplies: "squared" ‖r‖², "l2" ‖r‖. */
  readonly norm: "squared" | "l2";
  /** Of a random target and of the noise that the result is compared with. */
  readonly seed: number;
}

/** What the panel begins with, and what the stored run was made with. */
export const defaultInputs: AdversarialInputs = {
  digit: "t9",
  network: "fc100-100-10",
  target: "closest",
  norm: "squared",
  seed: 0,
};

/** What the first run downloads: ONNX Runtime's WASM and its module, and all networks. A test compares it. */
export const downloadBytes = 15_800_000;
