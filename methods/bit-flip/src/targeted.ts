// Attacks that want an answer, not any wrong one: T-BFA (Rakin et al., TPAMI 2021), three types. All lower a loss.
import type { Tensor } from "@reprise/engine";
import type { Aim } from "./attack.ts";
import type { Sample } from "./graph-victim.ts";
import { rowsOf } from "./rows.ts";

/**
 * Whose answer becomes the target's: that of all images (type I), of one class (II), of one class while all others keep
 * theirs (III).
 */
export type TargetedType = "all-to-one" | "one-to-one" | "one-to-one-stealthy";

export interface TargetedOptions extends Aim {
  readonly type: TargetedType;
  /**
   * Whether the bits of type III are ranked by the gradient of the whole loss. False leaves out the term that keeps the
   * others' answers, as the authors' program does, which adds it as a constant: it then only chooses among layers.
   */
  readonly stealthGradient?: boolean;
}

/**
 * The sample of a targeted attack, whose loss is to be lowered: mean cross-entropy of the source's images with the target,
 * and for type III also that of all other images with their own labels.
 *
 * @param labels  of the images, or the clean network's answers
 * @throws RangeError when the sample has no image that the attack is about
 */
export function targetedSample(
  images: Tensor<"float32">,
  labels: Int32Array,
  { type, target, source, stealthGradient = true }: TargetedOptions,
): Sample {
  if (type !== "all-to-one" && source === undefined)
    throw new RangeError(`targetedSample: "${type}" needs the class whose images are to change (source).`);
  if (source === target) throw new RangeError(`targetedSample: source and target are both class ${target}.`);
  const isAimed = (label: number) => (type === "all-to-one" ? label !== target : label === source);
  const aimed = rowsWhere(labels, isAimed);
  if (aimed.length === 0)
    throw new RangeError(
      `targetedSample: the sample has no image ${type === "all-to-one" ? `of another class than ${target}` : `of class ${source}`}.`,
    );
  if (type !== "one-to-one-stealthy")
    return { images: rowsOf(images, aimed), targets: new Int32Array(aimed.length).fill(target) };
  const others = rowsWhere(labels, (label) => !isAimed(label));
  if (others.length === 0)
    throw new RangeError(
      `targetedSample: all images are of class ${source}; there are no others whose answers to keep.`,
    );
  const count = labels.length;
  const weightsOf = (other: number) => Float32Array.from(labels, (l) => (isAimed(l) ? count / aimed.length : other));
  return {
    images,
    targets: labels.map((label) => (isAimed(label) ? target : label)),
    weights: weightsOf(count / others.length),
    ...(stealthGradient ? {} : { gradientWeights: weightsOf(0) }),
  };
}

function rowsWhere(labels: Int32Array, test: (label: number) => boolean): number[] {
  return [...labels.keys()].filter((row) => test(labels[row]!));
}
