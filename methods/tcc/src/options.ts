// What the losses of temporal cycle-consistency can be told, and their published settings.

/** How a cycle's end is compared with its start (§3.2, §3.3). */
export type CycleLoss = "classification" | "regression-mse" | "regression-mse-var" | "regression-huber";

export interface TccLossOptions {
  readonly loss?: CycleLoss;
  /** "l2" is −‖a − b‖². "cosine" is a·b, a cosine once `normalizeEmbeddings` is on. */
  readonly similarity?: "l2" | "cosine";
  /** Similarities are divided by it and by the number of dimensions, at both hops. */
  readonly temperature?: number;
  /** Of classification: the label is 1 − s at the start and s/N everywhere. */
  readonly labelSmoothing?: number;
  /** λ of the log of the variance. */
  readonly varianceLambda?: number;
  /** Variances below it count as it: a hard softmax has none, and its logarithm is −∞. */
  readonly varianceEps?: number;
  /** Errors up to it are squared, larger ones count by their size. */
  readonly huberDelta?: number;
  /** Time is a frame's share of its video instead of its number. */
  readonly normalizeIndices?: boolean;
  /** Embeddings are scaled to length 1 first. */
  readonly normalizeEmbeddings?: boolean;
}

export const defaults = {
  loss: "regression-mse-var", // the authors' config.py
  similarity: "l2", // §3.1
  temperature: 0.1, // config.py; the paper has none
  labelSmoothing: 0.1, // config.py
  varianceLambda: 0.001, // config.py. Departure: λ·log σ² as the authors' code, the paper writes λ·log σ
  varianceEps: 1e-12, // not in the paper; small enough to change no published number
  huberDelta: 0.1, // config.py
  normalizeIndices: true, // config.py
  normalizeEmbeddings: false, // config.py
} as const satisfies Required<TccLossOptions>;

/** Options with their defaults. @throws RangeError naming what is out of range */
export function completed(options: TccLossOptions): Required<TccLossOptions> {
  const all = { ...defaults, ...options };
  const positive = ["temperature", "varianceEps", "huberDelta"] as const;
  for (const name of positive)
    if (!(all[name] > 0)) throw new RangeError(`${name} is ${all[name]}; expected a number above 0`);
  if (!(all.labelSmoothing >= 0 && all.labelSmoothing < 1))
    throw new RangeError(`labelSmoothing is ${all.labelSmoothing}; expected a number from 0 up to below 1`);
  if (!(all.varianceLambda >= 0))
    throw new RangeError(`varianceLambda is ${all.varianceLambda}; expected a number from 0 up`);
  return all;
}
