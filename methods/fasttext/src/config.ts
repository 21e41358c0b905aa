// Settings of a run, their defaults, and the published values with their sources.

/** How the classifier is read out of the hidden vector: §2.1 (softmax, hierarchical softmax), the rest from the program. */
export type LossName = "softmax" | "hs" | "ns" | "ova";
/** `supervised` is the paper's classifier; skipgram and cbow learn word vectors from unlabelled text. */
export type ModelName = "supervised" | "skipgram" | "cbow";

/** Everything that decides what is learnt. Names and meanings are those of the reference program's flags. */
export interface Settings {
  readonly model: ModelName;
  readonly loss: LossName;
  /** Learning rate at the start, > 0; it falls linearly to 0 over the run. */
  readonly lr: number;
  /** Tokens a thread reads between two updates of the learning rate. */
  readonly lrUpdateRate: number;
  /** Length of a row, the paper's hidden units h. */
  readonly dim: number;
  /** Largest context window of skipgram and cbow, in words. */
  readonly ws: number;
  readonly epoch: number;
  readonly minCount: number;
  readonly minCountLabel: number;
  /** Negatives drawn per target (ns loss). */
  readonly neg: number;
  /** Longest word n-gram; 1 = words only. */
  readonly wordNgrams: number;
  /** Rows that hashed n-grams share; 0 when nothing is hashed. */
  readonly bucket: number;
  /** Shortest and longest character n-gram in code points; maxn 0 = none. */
  readonly minn: number;
  readonly maxn: number;
  /** Frequent words are dropped with a probability that grows over this frequency (skipgram, cbow). */
  readonly t: number;
  /** Prefix that makes a token a label. */
  readonly label: string;
  readonly seed: number;
  readonly threads: number;
  /** One thread trains, whatever `threads` says: the same result each time. Others help to read and write. */
  readonly deterministic: boolean;
  /** True: the reference program's initialisation, end-of-file rule and random draws, wherever we depart from them. */
  readonly compat: boolean;
}

/** Settings as a caller gives them: some, and a loss under the name of the program's flag too. */
export type GivenSettings = Omit<Partial<Settings>, "loss"> & { readonly loss?: LossName | "one-vs-all" };

const common = {
  lrUpdateRate: 100,
  dim: 100,
  ws: 5,
  epoch: 5,
  minCountLabel: 0,
  neg: 5,
  wordNgrams: 1,
  bucket: 2_000_000,
  t: 1e-4,
  label: "__label__",
  seed: 0,
  threads: 1, // Departure: the program takes 12; one thread is reproducible
  deterministic: false,
  compat: false,
} as const;

const defaults: Readonly<Record<ModelName, Settings>> = {
  supervised: { ...common, model: "supervised", loss: "softmax", lr: 0.1, minCount: 1, minn: 0, maxn: 0 },
  skipgram: { ...common, model: "skipgram", loss: "ns", lr: 0.05, minCount: 5, minn: 3, maxn: 6 },
  cbow: { ...common, model: "cbow", loss: "ns", lr: 0.05, minCount: 5, minn: 3, maxn: 6 },
};

const wholeNumbers = [
  ["dim", 1, 65536],
  ["ws", 1, 1_000_000],
  ["epoch", 0, 1_000_000],
  ["minCount", 0, 2 ** 31 - 1],
  ["minCountLabel", 0, 2 ** 31 - 1],
  ["neg", 0, 1_000_000],
  ["wordNgrams", 1, 100],
  ["bucket", 0, 2 ** 31 - 1],
  ["minn", 0, 100],
  ["maxn", 0, 100],
  ["lrUpdateRate", 1, 2 ** 31 - 1],
  ["seed", -(2 ** 31), 2 ** 31 - 1],
  ["threads", 1, 256],
] as const;

const losses = ["softmax", "hs", "ns", "ova"] as const;
const models = ["supervised", "skipgram", "cbow"] as const;
const switches = ["deterministic", "compat"] as const;

/** Names that other programs have for a setting. */
const otherNames: ReadonlyMap<string, keyof Settings> = new Map([
  ["learningRate", "lr"],
  ["alpha", "lr"],
  ["vectorSize", "dim"],
  ["window", "ws"],
  ["negative", "neg"],
  ["ngrams", "wordNgrams"],
  ["workers", "threads"],
]);

/**
 * Settings with the defaults filled in and every value checked; the bucket count falls to 0 when nothing is hashed.
 *
 * @throws RangeError naming the setting, its value and the values that are possible
 */
export function completeSettings(given: GivenSettings = {}): Settings {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const model = (named.model ?? "supervised") as ModelName;
  checkName("model", model, models);
  for (const name of Object.keys(named)) if (!Object.hasOwn(defaults[model], name)) throw unknownSetting(name);
  const loss = named.loss === "one-vs-all" ? "ova" : (named.loss ?? defaults[model].loss);
  const settings = { ...defaults[model], ...named, loss } as Settings;
  checkName("loss", settings.loss, losses, ' or "one-vs-all", which is ova');
  for (const [name, low, high] of wholeNumbers) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < low || value > high)
      throw new RangeError(`${name} is ${shown(value)}; expected a whole number from ${low} to ${high}.`);
  }
  if (!Number.isFinite(settings.lr) || settings.lr < 0)
    throw new RangeError(`lr is ${shown(settings.lr)}; expected a number ≥ 0, usually 0.05 to 1.`);
  if (!Number.isFinite(settings.t) || settings.t <= 0)
    throw new RangeError(`t is ${shown(settings.t)}; expected a number > 0, usually 0.0001.`);
  for (const name of switches)
    if (typeof settings[name] !== "boolean")
      throw new RangeError(`${name} is ${shown(settings[name])}; expected true or false.`);
  if (typeof settings.label !== "string")
    throw new RangeError(`label is ${shown(settings.label)}; expected a text, for example "__label__".`);
  if (settings.label === "" && settings.model === "supervised")
    throw new RangeError('label is empty; expected the prefix that marks labels, for example "__label__".');
  if (settings.maxn > 0 && settings.minn > settings.maxn)
    throw new RangeError(
      `minn is ${settings.minn} and maxn ${settings.maxn}; expected minn up to maxn, or maxn 0 for no n-grams of characters.`,
    );
  if (settings.wordNgrams <= 1 && settings.maxn === 0) return { ...settings, bucket: 0 };
  if (settings.bucket === 0)
    throw new RangeError("bucket is 0 with n-grams on; expected at least 1, or set wordNgrams to 1 and maxn to 0.");
  return settings;
}

/** A value as the caller wrote it: the text "10" is not the number 10. */
function shown(value: unknown): string {
  return typeof value === "string" ? `the text "${value}"` : String(value);
}

function checkName(name: string, value: unknown, possible: readonly string[], more = ""): void {
  if (possible.includes(value as string)) return;
  throw new RangeError(`${name} is ${shown(value)}; expected ${possible.join(", ")}${more}.`);
}

function unknownSetting(name: string): RangeError {
  const known = Object.keys(defaults.supervised);
  const close = otherNames.get(name) ?? known.find((other) => isNear(name.toLowerCase(), other.toLowerCase()));
  return new RangeError(
    `There is no setting "${name}"; ${close ? `did you mean ${close}?` : `expected some of ${known.join(", ")}.`}`,
  );
}

/** Whether one letter more, less or other makes one name of the other; two where they are long. */
function isNear(a: string, b: string): boolean {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]! <= (Math.min(a.length, b.length) > 5 ? 2 : 1);
}

/**
 * Settings behind Table 1 of the paper, as the authors' `classification-results.sh` runs them:
 * 10 hidden units, bigrams, 10M buckets, 5 epochs; the rate was picked on a validation set (§3.1).
 */
export const publishedTable1 = {
  dim: 10, // §3.1: "10 hidden units"
  wordNgrams: 2, // §3.1
  bucket: 10_000_000, // §2.2 hashing trick: 10M bins with bigrams
  epoch: 5, // §3.1
  minCount: 1, // classification-results.sh
  lr: { ag: 0.25, sogou: 0.5, dbpedia: 0.5, yelpP: 0.1, yelpF: 0.1, yahoo: 0.1, amazonF: 0.05, amazonP: 0.05 }, // same script
} as const;
