// The attacks as the panel offers them. Names and facts are those of @reprise/adversarial (a test compares them); they
// stand here because the page shows them before the method is loaded.

export interface AttackFacts {
  readonly name: string;
  readonly label: string;
  /** "minimal" looks for the nearest image, "budget" keeps to a radius. */
  readonly kind: "minimal" | "budget";
  readonly norms: readonly ("l2" | "linf" | "l0")[];
  readonly needs: "gradients" | "scores";
  /** What its number of steps counts; null where it has none. */
  readonly steps: "steps" | "queries" | "draws" | null;
  /** How it works, in a sentence. */
  readonly about: string;
}

const both = ["linf", "l2"] as const;

export const attackChoices = [
  {
    name: "l-bfgs",
    label: "L-BFGS, the paper’s",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: null,
    about: "Minimises c‖r‖ + loss in the box, and searches for the c at which the label is just reached.",
  },
  {
    name: "deepfool",
    label: "DeepFool",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: "steps",
    about: "Takes the network for linear, steps onto its nearest border, and repeats.",
  },
  {
    name: "cw",
    label: "Carlini–Wagner",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: "steps",
    about: "Minimises ‖r‖² + c · margin with Adam, in a variable that cannot leave the box.",
  },
  {
    name: "ddn",
    label: "DDN",
    kind: "minimal",
    norms: ["l2"],
    needs: "gradients",
    steps: "steps",
    about: "Follows the gradient on a sphere that shrinks while the label is reached and grows while it is not.",
  },
  {
    name: "fgsm",
    label: "FGSM",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: null,
    about: "One step along the gradient, as long as ε allows.",
  },
  {
    name: "bim",
    label: "BIM",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    about: "FGSM in small steps, each brought back into the ball.",
  },
  {
    name: "pgd",
    label: "PGD",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    about: "BIM from a random point of the ball.",
  },
  {
    name: "mi-fgsm",
    label: "MI-FGSM",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    about: "BIM with momentum, made to transfer.",
  },
  {
    name: "apgd-ce",
    label: "APGD, cross-entropy",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    about: "PGD that halves its step by itself when it no longer gets on.",
  },
  {
    name: "apgd-dlr",
    label: "APGD, DLR",
    kind: "budget",
    norms: both,
    needs: "gradients",
    steps: "steps",
    about: "The same on a loss that no scaling of the scores can hide.",
  },
  {
    name: "square",
    label: "Square, no gradients",
    kind: "budget",
    norms: ["linf"],
    needs: "scores",
    steps: "queries",
    about: "Tries random squares of ±ε and keeps those that help.",
  },
  {
    name: "hopskipjump",
    label: "HopSkipJump, no gradients",
    kind: "minimal",
    norms: ["l2"],
    needs: "scores",
    steps: "steps",
    about: "Walks along the border, which it feels for by asking for labels only.",
  },
  {
    name: "gaussian",
    label: "Gaussian noise, a control",
    kind: "budget",
    norms: ["l2"],
    needs: "scores",
    steps: "draws",
    about: "What chance does at the same distance.",
  },
  {
    name: "uniform",
    label: "uniform noise, a control",
    kind: "budget",
    norms: ["linf"],
    needs: "scores",
    steps: "draws",
    about: "What chance does at the same distance.",
  },
  {
    name: "salt-and-pepper",
    label: "salt and pepper, a control",
    kind: "budget",
    norms: ["l0"],
    needs: "scores",
    steps: "draws",
    about: "A share of the pixels set to black or white.",
  },
] as const satisfies readonly AttackFacts[];

export type AttackChoice = (typeof attackChoices)[number]["name"];

/** What is known of an attack. */
export const attackOf = (name: AttackChoice): AttackFacts => attackChoices.find((attack) => attack.name === name)!;
