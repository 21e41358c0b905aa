// What the options of `reprise adversarial attack` choose: an attack, what it reads of the model, its criterion.
import type { Runtime } from "@reprise/engine";
import { UsageError } from "@reprise/experiment";
import { rangeOf } from "@reprise/nn/verbs";
import { logitsOfRows } from "../attacks/run-attack.ts";
import {
  type Attack,
  attackByName,
  type Classifier,
  type Criterion,
  criterionFor,
  type OnnxClassifierOptions,
  onnxClassifier,
  onnxScores,
  quantised,
  type ScoreDifferentiable,
} from "../index.ts";
import type { AttackFlags } from "./attack-flags.node.ts";

/** Budgets where none are given, for pixels in [0, 1]. */
const budgets = { linf: [0.01, 0.03, 0.1, 0.3], l2: [0.3, 1, 3, 10], l0: [0.01, 0.03, 0.1, 0.3] } as const;

export interface AttackChoice {
  readonly name: string;
  /** Its own settings, as reports name them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly epsilons: readonly number[];
  /** @param starts  images to start from, [N, n] */
  make(starts?: Float32Array): Attack;
  /** The model as this attack reads it: with its gradient or its scores only. */
  open(
    runtime: Runtime,
    bytes: Uint8Array,
    format: OnnxClassifierOptions,
  ): Promise<Classifier & Partial<ScoreDifferentiable>>;
}

/** @throws UsageError for options that the attack does not have */
export function attackChoice(flags: AttackFlags): AttackChoice {
  const { attack: name = "lbfgs" } = flags;
  return name === "lbfgs" ? papersAttack(flags) : otherAttack(name, flags);
}

function papersAttack(flags: AttackFlags): AttackChoice {
  for (const flag of ["ball", "steps", "topK", "starts"] as const)
    if (flags[flag] !== undefined)
      throw new UsageError(
        `--${flag === "topK" ? "top-k" : flag} is of other attacks than lbfgs; choose one by --attack.`,
      );
  const { norm = "squared", sharpness = 2, bisections = 8, epsilons = [] } = flags;
  const loss = flags.loss === "margin" ? "margin" : "crossEntropy";
  if (loss === "margin" && flags.sharpness !== undefined)
    throw new UsageError("--sharpness is of --loss cross-entropy; leave it out.");
  return {
    name: "lbfgs",
    settings: { norm, loss, sharpness: loss === "margin" ? null : sharpness, bisections },
    epsilons,
    make: () => onLattice(attackByName("lbfgs", { lbfgs: { norm, bisections } }), flags),
    open: (runtime, bytes, format) => onnxClassifier(runtime, bytes, { ...format, sharpness, loss }),
  };
}

function otherAttack(name: string, flags: AttackFlags): AttackChoice {
  const { ball, steps } = flags;
  if (flags.starts !== undefined && name !== "hopskipjump")
    throw new UsageError("--starts is of --attack hopskipjump; others start from the image itself.");
  for (const flag of ["norm", "loss", "sharpness", "bisections"] as const)
    if (flags[flag] !== undefined)
      throw new UsageError(`--${flag} is of --attack lbfgs; other attacks have losses and searches of their own.`);
  if (steps !== undefined && name === "fgsm") throw new UsageError("--steps: fgsm takes one step; bim takes several.");
  const make = (starts?: Float32Array): Attack => {
    const options = { ...(ball ? { norm: ball } : {}), ...(steps ? { steps } : {}), ...(starts ? { starts } : {}) };
    return onLattice(attackByName(name, options), flags);
  };
  const { needs, kind, norm } = inFlagsOfBall(make);
  const [lower, upper] = rangeOf(flags);
  const scale = norm === "l0" ? 1 : upper - lower;
  return {
    name,
    settings: { steps: steps ?? null },
    epsilons: flags.epsilons ?? (kind === "budget" ? budgets[norm].map((epsilon) => epsilon * scale) : []),
    make,
    // Cross-entropy as it is: sharpness is the paper's attack's.
    open: (runtime, bytes, format) =>
      needs === "gradients"
        ? onnxClassifier(runtime, bytes, { ...format, sharpness: 1 })
        : onnxScores(runtime, bytes, format),
  };
}

const onLattice = (attack: Attack, { quantise }: AttackFlags) =>
  quantise === undefined ? attack : quantised(attack, 2 ** quantise);

/** @throws UsageError in the words of flags for what an attack does not come in */
function inFlagsOfBall(make: () => Attack): Attack {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message.replace("leave out the norm", "leave out --ball"), { cause: error });
  }
}

/** What `--target` asks of every image. @throws UsageError for targets that the attack or the model does not have */
export async function chosenCriterion(
  attack: Attack,
  classifier: Classifier,
  { images, labels }: { readonly images: Float32Array; readonly labels: Int32Array },
  { target, seed, confidence = 0, topK = 1, signal }: AttackFlags & { readonly signal: AbortSignal },
): Promise<Criterion> {
  if (target === "all" && !attack.severalTargets)
    throw new UsageError("--target all is of --attack lbfgs; others take a label, random, leastLikely or untargeted.");
  const { classes } = classifier;
  const scored = target === "leastLikely" || target === "all";
  const logits = scored
    ? await logitsOfRows({ classifier, batch: 32, signal }, images, labels.length)
    : new Float32Array(0);
  return criterionFor(target, labels, { logits, classes }, { seed, confidence, topK });
}
