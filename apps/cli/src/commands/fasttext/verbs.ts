// The verbs of reprise fasttext. Each loads its modules when it is run: start-up time is the user's.
import { availableParallelism } from "node:os";

type Action = (args: readonly string[]) => Promise<void>;

const labels = () => import("./labels.ts");
const vectors = () => import("./vectors.ts");

/** Threads take longer to start than the modules to load, so they start first. */
async function training(args: readonly string[]) {
  const threads = Number(args[args.findLastIndex((arg) => /^--?threads?$/.test(arg)) + 1]);
  if (threads > 1 && threads <= availableParallelism())
    (await import("@reprise/fasttext/node")).nodeThreads.prepare?.(threads - 1);
  return import("./train.ts");
}

const asked = "MODEL FILE [K] [THRESHOLD]   FILE may be - for standard input";
const trained = "-input FILE -output MODEL [flags]";

export const verbs: readonly (readonly [name: string, usage: string, description: string, action: Action])[] = [
  [
    "supervised",
    trained,
    "train a classifier on labelled lines",
    async (args) => (await training(args)).trainVerb("supervised", args),
  ],
  [
    "skipgram",
    trained,
    "train word vectors: words predict their neighbours",
    async (args) => (await training(args)).trainVerb("skipgram", args),
  ],
  [
    "cbow",
    trained,
    "train word vectors: neighbours predict the word",
    async (args) => (await training(args)).trainVerb("cbow", args),
  ],
  [
    "quantize",
    "-output MODEL [-input FILE -retrain] [flags]",
    "make MODEL.ftz of MODEL.bin",
    async (args) => (await import("./quantize.ts")).quantizeVerb(args),
  ],
  ["test", asked, "precision and recall on labelled lines", async (args) => (await labels()).testVerb(args, false)],
  [
    "test-label",
    asked,
    "F1, precision and recall of every label",
    async (args) => (await labels()).testVerb(args, true),
  ],
  ["predict", asked, "the most likely labels of each line", async (args) => (await labels()).predictVerb(args, false)],
  ["predict-prob", asked, "the same with probabilities", async (args) => (await labels()).predictVerb(args, true)],
  [
    "print-word-vectors",
    "MODEL   words on standard input",
    "vectors of words",
    async (args) => (await vectors()).wordVectorsVerb(args),
  ],
  [
    "print-sentence-vectors",
    "MODEL   lines on standard input",
    "vectors of lines",
    async (args) => (await vectors()).sentenceVectorsVerb(args),
  ],
  [
    "print-ngrams",
    "MODEL WORD",
    "vectors of a word's character n-grams",
    async (args) => (await vectors()).ngramsVerb(args),
  ],
  ["nn", "MODEL [K]   words on standard input", "nearest words", async (args) => (await vectors()).nearestVerb(args)],
  [
    "analogies",
    "MODEL [K]   triplets on standard input",
    "words nearest to A - B + C",
    async (args) => (await vectors()).analogiesVerb(args),
  ],
  [
    "dump",
    "MODEL (args|dict|input|output)",
    "what is in a model file",
    async (args) => (await import("./dump.ts")).dumpVerb(args),
  ],
];

/** What runs these arguments; undefined when they are no verb or ask for something else. */
export async function direct([verb, ...args]: readonly string[]): Promise<(() => Promise<void>) | undefined> {
  const found = verbs.find(([name]) => name === verb);
  if (!found || args.some((arg) => commanders.has(arg))) return undefined;
  const [, , , action] = found;
  return () => action(args);
}

/** What commander answers, or understands in its own way. */
const commanders = new Set(["-h", "--help", "-V", "--version", "--"]);
