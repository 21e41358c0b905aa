// What makes an image adversarial, for one row, as a number that is above 0 when it is: the margin.

/** What the attack of one row is after. */
export interface Goal {
  /** The label to get away from, or, targeted, the one to reach. */
  readonly label: number;
  readonly targeted: boolean;
  /** κ ≥ 0: how far, in logits, the winner must lead. */
  readonly confidence: number;
  /** Untargeted, the label must not be among the k highest scores; targeted, it must be. */
  readonly topK: number;
  /** Targeted: labels any of which will do; `label` is the first of them, unless there is none left to reach. */
  readonly among?: readonly number[];
}

/** A criterion for every row. */
export interface Criterion {
  /** As the user would say it, for reports: `untargeted`, `targeted, confidence 5`. */
  readonly name: string;
  /** Some goals are met by several labels. */
  readonly severalTargets?: boolean;
  /** The images' own labels, where the criterion names others. */
  readonly trueLabels?: ArrayLike<number>;
  goalOf(row: number): Goal;
  /** Labels named by the criterion, [N], to be checked against the model. */
  readonly labels: ArrayLike<number>;
}

export interface CriterionOptions {
  readonly confidence?: number;
  readonly topK?: number;
}

/** Any label but the row's own wins. @param labels  true labels, [N] */
export function untargeted(labels: ArrayLike<number>, options: CriterionOptions = {}): Criterion {
  return criterion("untargeted", false, labels, options);
}

/** The row's target wins. @param targets  [N] */
export function targeted(targets: ArrayLike<number>, options: CriterionOptions = {}): Criterion {
  return criterion("targeted", true, targets, options);
}

function criterion(
  kind: string,
  isTargeted: boolean,
  labels: ArrayLike<number>,
  { confidence = 0, topK = 1 }: CriterionOptions,
): Criterion {
  if (!(confidence >= 0 && confidence < Infinity))
    throw new RangeError(`${kind}: confidence is ${confidence}, expected a number of logits ≥ 0.`);
  if (!(Number.isInteger(topK) && topK >= 1))
    throw new RangeError(`${kind}: topK is ${topK}, expected a whole number ≥ 1.`);
  const name = [kind, ...(topK > 1 ? [`top ${topK}`] : []), ...(confidence > 0 ? [`confidence ${confidence}`] : [])];
  return {
    name: name.join(", "),
    labels,
    goalOf: (row) => ({ label: labels[row]!, targeted: isTargeted, confidence, topK }),
  };
}

export interface Margin {
  /** Logits by which the goal is met (above 0) or missed; NaN where a score is. */
  readonly margin: number;
  /** The label on the other side of the margin. */
  readonly rival: number;
}

/**
 * Untargeted: z₍ₖ₎ − z_label with z₍ₖ₎ the k-th highest score of the other labels; targeted: z_label − z₍ₖ₎.
 * With k = 1 it is the margin of Carlini and Wagner (2017), eq. for f₆, without its cut at κ.
 */
export function marginOf({ label, targeted, topK }: Goal, logits: ArrayLike<number>): Margin {
  const rival = topK === 1 ? highestBut(label, logits) : kthBut(label, logits, topK);
  const lead = logits[rival]! - logits[label]!;
  for (let k = 0; k < logits.length; k++) if (Number.isNaN(logits[k])) return { margin: Number.NaN, rival };
  return { margin: targeted ? -lead : lead, rival };
}

/** Whether the scores meet the goal. A tie does not. */
export function reached(goal: Goal, logits: ArrayLike<number>): boolean {
  if (goal.among) {
    const { among, ...one } = goal;
    return among.length === 0 || among.some((label) => reached({ ...one, label }, logits));
  }
  const { margin } = marginOf(goal, logits);
  return margin > 0 && margin >= goal.confidence;
}

/** Weights of the scores in the margin, [K]: its gradient in the logits while `rival` stays the rival. */
export function marginWeights({ label, targeted }: Goal, rival: number, classes: number): Float32Array {
  const weights = new Float32Array(classes);
  weights[rival] = targeted ? -1 : 1;
  weights[label] = targeted ? 1 : -1;
  return weights;
}

function highestBut(label: number, logits: ArrayLike<number>): number {
  let best = label === 0 ? 1 : 0;
  for (let k = 0; k < logits.length; k++) if (k !== label && logits[k]! > logits[best]!) best = k;
  return best;
}

function kthBut(label: number, logits: ArrayLike<number>, k: number): number {
  const others = Array.from({ length: logits.length }, (_, i) => i).filter((i) => i !== label);
  others.sort((a, b) => logits[b]! - logits[a]! || a - b);
  return others[Math.min(k, others.length) - 1]!;
}
