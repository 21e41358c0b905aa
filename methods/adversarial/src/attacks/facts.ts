// What is known of every attack before any of it is loaded: names, what they need, and how they work. Light on purpose:
// pages and command lines show them first. A test compares them with the attacks themselves.

export interface AttackFacts {
  /** On the command line. */
  readonly name: string;
  readonly label: string;
  /** "minimal" looks for the nearest image, "budget" keeps to a radius. */
  readonly kind: "minimal" | "budget";
  /** The first is the default. */
  readonly norms: readonly ("l2" | "linf" | "l0")[];
  readonly needs: "gradients" | "scores";
  /** What its number of steps counts; null where it has none. */
  readonly steps: "steps" | "queries" | "draws" | null;
  /** Fewest labels that the model must have. */
  readonly leastClasses: number;
  /** How it works, in a sentence. */
  readonly about: string;
}

const both = ["linf", "l2"] as const;

export const attackFacts = [
  {
    name: "lbfgs",
    label: "L-BFGS, the paper’s",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: null,
    leastClasses: 2,
    about: "Minimises c‖r‖ + loss in the box, and searches for the c at which the label is just reached.",
  },
  {
    name: "deepfool",
    label: "DeepFool",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: "steps",
    leastClasses: 2,
    about: "Takes the network for linear, steps onto its nearest border, and repeats.",
  },
  {
    name: "cw",
    label: "Carlini–Wagner",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: "steps",
    leastClasses: 2,
    about: "Minimises ‖r‖² + c · margin with Adam, in a variable that cannot leave the box.",
  },
  {
    name: "ddn",
    label: "DDN",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: "steps",
    leastClasses: 2,
    about: "Follows the gradient on a sphere that shrinks while the label is reached and grows while it is not.",
  },
  {
    name: "fgsm",
    label: "FGSM",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: null,
    leastClasses: 2,
    about: "One step along the gradient, as long as ε allows.",
  },
  {
    name: "bim",
    label: "BIM",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    leastClasses: 2,
    about: "FGSM in small steps, each brought back into the ball.",
  },
  {
    name: "pgd",
    label: "PGD",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    leastClasses: 2,
    about: "BIM from a random point of the ball.",
  },
  {
    name: "mi-fgsm",
    label: "MI-FGSM",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    leastClasses: 2,
    about: "BIM with momentum, made to transfer.",
  },
  {
    name: "apgd-ce",
    label: "APGD, cross-entropy",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    leastClasses: 2,
    about: "PGD that halves its step by itself when it no longer gets on.",
  },
  {
    name: "apgd-dlr",
    label: "APGD, DLR",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    leastClasses: 4,
    about: "The same on a loss that no scaling of the scores can hide.",
  },
  {
    name: "square",
    label: "Square, no gradients",
    kind: "budget",
    norms: ["linf"],
    needs: "scores",
    steps: "queries",
    leastClasses: 2,
    about: "Tries random squares of ±ε and keeps those that help.",
  },
  {
    name: "hopskipjump",
    label: "HopSkipJump, no gradients",
    kind: "minimal",
    norms: ["l2"],
    needs: "scores",
    steps: "steps",
    leastClasses: 2,
    about: "Walks along the border, which it feels for by asking for labels only.",
  },
  {
    name: "gaussian",
    label: "Gaussian noise, a control",
    kind: "budget",
    norms: ["l2"],
    needs: "scores",
    steps: "draws",
    leastClasses: 2,
    about: "What chance does at the same distance.",
  },
  {
    name: "uniform",
    label: "uniform noise, a control",
    kind: "budget",
    norms: ["linf"],
    needs: "scores",
    steps: "draws",
    leastClasses: 2,
    about: "What chance does at the same distance.",
  },
  {
    name: "salt-and-pepper",
    label: "salt and pepper, a control",
    kind: "budget",
    norms: ["l0"],
    needs: "scores",
    steps: "draws",
    leastClasses: 2,
    about: "A share of the pixels set to black or white.",
  },
] as const satisfies readonly AttackFacts[];

export type AttackName = (typeof attackFacts)[number]["name"];

/** The names of all attacks, the paper's first. */
export const attackNames: readonly AttackName[] = attackFacts.map(({ name }) => name);

/** @throws RangeError for an unknown name */
export function factsOf(name: string): AttackFacts {
  const found = attackFacts.find((attack) => attack.name === name);
  if (!found) throw new RangeError(`attack "${name}" is not known; choose one of ${attackNames.join(", ")}.`);
  return found;
}
