/**
 * What an attack without gradients needs of a model. Rows are independent: what a row gets does not depend on the others
 * in the call, so that a result can be repeated with any number of images.
 */
export interface Classifier {
  /** One image without the batch axis, for example [1, 28, 28]. */
  readonly inputShape: readonly number[];
  /** K, the number of labels. */
  readonly classes: number;
  /** Scores before the softmax, [count, K], of images [count, ...inputShape]. */
  logits(images: Float32Array, count: number): Promise<Float32Array>;
}

/** What the attack of the paper needs: scores, and the gradient of the cross-entropy. */
export interface DifferentiableClassifier extends Classifier {
  /**
   * Cross-entropy of every row towards its label, [count]; its gradient in the image, [count, ...inputShape]; and the
   * logits, [count, K]. The arrays belong to the caller until its next call.
   */
  lossAndGradient(
    images: Float32Array,
    labels: Int32Array,
    count: number,
  ): Promise<{ loss: Float64Array | Float32Array; gradient: Float32Array; logits: Float32Array }>;
}

/** A classifier that gives the gradient of any combination of its scores, and so of any loss that is made of them. */
export interface ScoreDifferentiable extends DifferentiableClassifier {
  /**
   * Gradient of Σₖ weights[i, k]·zₖ(imageᵢ) in each image, [count, ...inputShape], and the logits, [count, K].
   *
   * @param weights  [count, K]
   */
  scoreGradient(
    images: Float32Array,
    weights: Float32Array,
    count: number,
  ): Promise<{ gradient: Float32Array; logits: Float32Array }>;
}

/** Number of values in one image. */
export function imageSize(classifier: Pick<Classifier, "inputShape">): number {
  return classifier.inputShape.reduce((a, b) => a * b, 1);
}

/** The label with the highest score; the first of equals. −1 if any score is NaN. */
export function predictedLabel(logits: ArrayLike<number>): number {
  let best = 0;
  for (let k = 0; k < logits.length; k++) {
    if (Number.isNaN(logits[k])) return -1;
    if (logits[k]! > logits[best]!) best = k;
  }
  return best;
}

/**
 * The label that leads every other by at least `confidence` logits, −1 if none does or a score is NaN; at 0 the predicted
 * label, ties included.
 */
export function leadingLabel(logits: ArrayLike<number>, confidence: number): number {
  const first = predictedLabel(logits);
  if (confidence > 0)
    for (let k = 0; k < logits.length; k++) if (k !== first && !(logits[first]! - logits[k]! >= confidence)) return -1;
  return first;
}

/** exp(zₖ) / Σ exp(zⱼ), in float64. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const p = Float64Array.from(logits);
  const max = p.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let k = 0; k < p.length; k++) sum += p[k] = Math.exp(p[k]! - max);
  for (let k = 0; k < p.length; k++) p[k] = p[k]! / sum;
  return p;
}
