// What the reader chooses in the panel "adversarial examples", task by task. Light: the page loads it before anything
// runs.
import { type AttackName, factsOf } from "@reprise/adversarial/attacks";
import type { LayerChoice } from "./grids.ts";
import type { ModelFormat } from "./own-files.ts";

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
export const titleOf = (name: string): string =>
  name === "own" ? "Your model" : (networks.find((network) => network.name === name)?.label ?? name);

/** "closest" is any wrong label, the nearest; "least" is the least likely one. */
export type TargetChoice = "closest" | "least" | "random" | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** Attack one image. */
export interface AttackInputs extends ModelFormat {
  /** `t7` is row 7 of the MNIST subset's test images; `d…` is a drawing (drawing-code.ts); `f…` a file that was given. */
  readonly digit: string;
  readonly network: NetworkName | "own";
  /** The file of one's own model, by the name the page keeps it under. */
  readonly model: string;
  /** Of a shipped network, and of one's own, where "label" is the number given. */
  readonly target: TargetChoice;
  readonly aim: "closest" | "least" | "random" | "label";
  readonly label: number;
  readonly attack: AttackName;
  /** What c multiplies in the paper's attack: "squared" ‖r‖², "l2" ‖r‖. */
  readonly norm: "squared" | "l2";
  /** The ball of attacks that come in both. */
  readonly ball: "linf" | "l2";
  /** ε of an L∞ attack, of an L2 attack, and the share of pixels of an L0 one. */
  readonly epsilon: number;
  readonly radius: number;
  readonly share: number;
  /** κ: logits by which the goal must be met. Of every attack but the paper's, as is `topK`. */
  readonly confidence: number;
  /** k: a target must come among the k highest scores, or the old label leave them. */
  readonly topK: number;
  /** 0: the attack's own number. */
  readonly steps: number;
  /** What r is multiplied with before it is added to x once more: 1 shows x′ itself. */
  readonly enlarge: number;
  /** Of whatever is drawn: a random target, starting points, noise. */
  readonly seed: number;
}

/** Who fools whom. */
export interface TransferInputs {
  /** Test images of the matrix. */
  readonly images: number;
  readonly seed: number;
}

/** What single units respond to. */
export interface UnitsInputs {
  readonly body: NetworkName;
  readonly layer: LayerChoice;
  /** Of the units and directions that are drawn. */
  readonly seed: number;
}

/** What the panel begins with, and what the stored run was made with. */
export const defaultInputs: AttackInputs = {
  digit: "t9",
  network: "fc100-100-10",
  model: "",
  layout: "found",
  channels: "rgb",
  range: "unit",
  mean: "",
  std: "",
  scores: "found",
  side: 224,
  target: "closest",
  aim: "closest",
  label: 0,
  attack: "lbfgs",
  norm: "squared",
  ball: "linf",
  epsilon: 0.1,
  radius: 1.5,
  share: 0.1,
  confidence: 0,
  topK: 1,
  steps: 0,
  enlarge: 1,
  seed: 0,
};

export const defaultTransfer: TransferInputs = { images: 10, seed: 0 };
export const defaultUnits: UnitsInputs = { body: "fc100-100-10", layer: "last", seed: 0 };

/** Whether the network has nothing between image and scores. */
export const isLinear = (network: NetworkName): boolean => network.startsWith("fc10-");

/** Whether an input of the attack means anything with the others as they are. */
export function attackApplies(name: keyof AttackInputs, inputs: AttackInputs): boolean {
  const { attack, ball, network } = inputs;
  const { kind, norms, steps } = factsOf(attack);
  const norm = norms.length > 1 ? ball : norms[0];
  switch (name) {
    case "target":
      return network !== "own";
    case "model":
    case "layout":
    case "channels":
    case "range":
    case "mean":
    case "std":
    case "scores":
    case "side":
    case "aim":
      return network === "own";
    case "label":
      return network === "own" && inputs.aim === "label";
    case "norm":
      return attack === "lbfgs";
    case "confidence":
    case "topK":
      return attack !== "lbfgs";
    case "ball":
      return norms.length > 1;
    case "epsilon":
      return kind === "budget" && norm === "linf";
    case "radius":
      return kind === "budget" && norm === "l2";
    case "share":
      return norm === "l0";
    case "steps":
      return steps !== null;
    default:
      return true;
  }
}

/** The layer to look into: networks without a hidden one have their scores only. */
export const layerOf = ({ body, layer }: Pick<UnitsInputs, "body" | "layer">): LayerChoice =>
  isLinear(body) ? "scores" : layer;

/** "closest", "least", "random" or the number of a label. */
export const targetOf = ({ network, target, aim, label }: AttackInputs): string =>
  network === "own" ? (aim === "label" ? String(label) : aim) : target;
