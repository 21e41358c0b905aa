// Numbers that summarise a run: accuracy, confusion, a mean with its interval, quantiles.

/** Share of predictions that equal the label, in [0, 1]. @throws RangeError if the lengths differ or are 0 */
export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkPair(predicted, labels);
  let hits = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) hits++;
  return hits / labels.length;
}

/**
 * How often class i was taken for class j: row i = label, column j = prediction, as scikit-learn.
 *
 * @throws RangeError if the lengths differ or are 0, or a class is not 0 … classes − 1
 */
export function confusionMatrix(
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
  { classes }: { classes: number },
): number[][] {
  checkPair(predicted, labels);
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const [label, prediction] = [labels[i]!, predicted[i]!];
    const row = matrix[label];
    if (row?.[prediction] === undefined)
      throw new RangeError(
        `confusionMatrix: example ${i} has label ${label} and prediction ${prediction}; there are ${classes} classes, 0 to ${classes - 1}`,
      );
    row[prediction]!++;
  }
  return matrix;
}

export interface MeanInterval {
  readonly mean: number;
  /** Standard deviation with n − 1; NaN for one value. */
  readonly standardDeviation: number;
  /** Ends of the 95 % confidence interval of the mean, Student's t with n − 1 degrees of freedom; NaN for one value. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Mean of independent values with its 95 % confidence interval. @throws RangeError for no values */
export function meanInterval(values: ArrayLike<number>): MeanInterval {
  const count = checkSome("meanInterval", values);
  let mean = 0;
  for (let i = 0; i < count; i++) mean += values[i]! / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i]! - mean) ** 2;
  const standardDeviation = Math.sqrt(squares / (count - 1)); // 0 / 0 = NaN for one value
  const half = (studentQuantile975(count - 1) * standardDeviation) / Math.sqrt(count);
  return { mean, standardDeviation, low: mean - half, high: mean + half, count };
}

/**
 * 95 % interval of a share, `successes` of `count`, after Wilson (1927): stays in [0, 1] and holds for shares near its ends,
 * such as 500 of 500.
 *
 * @throws RangeError unless 0 ≤ successes ≤ count and count ≥ 1, both integers
 */
export function shareInterval(
  successes: number,
  count: number,
): { readonly share: number; readonly low: number; readonly high: number } {
  if (!Number.isInteger(successes) || !Number.isInteger(count) || successes < 0 || count < 1 || successes > count)
    throw new RangeError(`shareInterval: ${successes} of ${count} is not a share`);
  const z = normalQuantile975;
  const share = successes / count;
  const centre = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return { share, low: successes === 0 ? 0 : centre - half, high: successes === count ? 1 : centre + half };
}

/** A share of so many with its 95 % interval after Wilson, all in [0, 1]. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** `count` of `of` with its interval; of none the rate is NaN and the interval everything. @throws RangeError as shareInterval */
export function rateOf(count: number, of: number): Rate {
  if (of === 0 && count === 0) return { count, of, rate: Number.NaN, low: 0, high: 1 };
  const { share, low, high } = shareInterval(count, of);
  return { count, of, rate: share, low, high };
}

/** Σ / count. @throws RangeError for no values */
export function mean(values: ArrayLike<number>): number {
  const count = checkSome("mean", values);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  return sum / count;
}

/**
 * Value below which the share q of the values lies, between two values by linear interpolation, as numpy.quantile.
 *
 * @param q  in [0, 1]; 0 the least, 0.5 the median, 1 the greatest
 * @throws RangeError for no values, a NaN among them, or q outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantiles(values, [q])[0]!;
}

/** Several quantiles of the same values, sorted once. See `quantile`. */
export function quantiles(values: ArrayLike<number>, qs: readonly number[]): number[] {
  const count = checkSome("quantile", values);
  const sorted = Float64Array.from(values).sort();
  if (Number.isNaN(sorted[count - 1])) throw new RangeError("quantile: one of the values is NaN");
  return qs.map((q) => {
    if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: q is ${q}; expected 0 to 1`);
    const at = q * (count - 1);
    const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
    return low === high ? low : low + (high - low) * (at - Math.floor(at));
  });
}

/** Middle value, or the mean of the two in the middle. @throws RangeError for no values or a NaN among them */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

function checkPair(predicted: ArrayLike<number>, labels: ArrayLike<number>): void {
  if (predicted.length !== labels.length || labels.length === 0)
    throw new RangeError(`${predicted.length} predictions for ${labels.length} labels; expected as many, at least one`);
}

function checkSome(name: string, values: ArrayLike<number>): number {
  if (values.length === 0) throw new RangeError(`${name}: there are no values`);
  return values.length;
}

const normalQuantile975 = 1.959963984540054;

/** The t with P(|T| ≤ t) = 0.95 for Student's distribution with ν degrees of freedom; NaN for ν = 0. */
function studentQuantile975(nu: number): number {
  if (nu === 0) return Number.NaN;
  const z = normalQuantile975;
  // Abramowitz and Stegun 26.7.5; what is left out is of order ν⁻³, below 1e-9 here.
  if (nu > 1000) return z + (z ** 3 + z) / (4 * nu) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * nu ** 2);
  let [low, high] = [0, 20]; // 12.7 for ν = 1 is the greatest
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, nu) < 0.95) low = middle;
    else high = middle;
  }
  return high;
}

/** P(|T| ≤ t), ν a positive integer: the finite sums of Abramowitz and Stegun 26.7.3 (ν odd) and 26.7.4 (ν even). */
function studentWithin(t: number, nu: number): number {
  const theta = Math.atan(t / Math.sqrt(nu));
  const cos2 = Math.cos(theta) ** 2;
  const odd = nu % 2 === 1;
  let term = odd ? Math.cos(theta) : 1;
  let sum = 0;
  for (let k = odd ? 3 : 2; k <= nu; k += 2) {
    sum += term;
    term *= ((k - 1) / k) * cos2;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}
