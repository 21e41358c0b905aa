// The verbs of reprise fasttext. Each loads its modules when it is run: start-up time is the user's.
import { availableParallelism } from "node:os";
import type { RawVerb, VerbAnswer, VerbContext } from "@reprise/experiment/verb";

type Action = (args: readonly string[], context: VerbContext) => Promise<VerbAnswer>;

const labels = () => import("./labels.node.ts");
const vectors = () => import("./vectors.node.ts");

/** Threads take longer to start than the modules to load, so they start first. */
async function training(args: readonly string[]) {
  const threads = Number(args[args.findLastIndex((arg) => /^--?threads?$/.test(arg)) + 1]);
  if (threads > 1 && threads <= availableParallelism())
    (await import("../index.node.ts")).nodeThreads.prepare?.(threads - 1);
  return import("./train.node.ts");
}

const asked = "MODEL FILE [K] [THRESHOLD]   FILE may be - for standard input";
const trained = "-input FILE -output MODEL [flags]";

const table: readonly (readonly [name: string, usage: string, summary: string, action: Action])[] = [
  [
    "supervised",
    trained,
    "train a classifier on labelled lines",
    async (args, context) => (await training(args)).trainVerb("supervised", args, context),
  ],
  [
    "skipgram",
    trained,
    "train word vectors: words predict their neighbours",
    async (args, context) => (await training(args)).trainVerb("skipgram", args, context),
  ],
  [
    "cbow",
    trained,
    "train word vectors: neighbours predict the word",
    async (args, context) => (await training(args)).trainVerb("cbow", args, context),
  ],
  [
    "quantize",
    "-output MODEL [-input FILE -retrain] [flags]",
    "make MODEL.ftz of MODEL.bin",
    async (args, context) => (await import("./quantize.node.ts")).quantizeVerb(args, context),
  ],
  [
    "test",
    asked,
    "precision and recall on labelled lines",
    async (args, { progress }) => (await labels()).testVerb(args, false, undefined, (text) => progress.end(text)),
  ],
  [
    "test-label",
    asked,
    "F1, precision and recall of every label",
    async (args, { progress }) => (await labels()).testVerb(args, true, undefined, (text) => progress.end(text)),
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
    async (args) => (await import("./dump.node.ts")).dumpVerb(args),
  ],
];

const flags = `
Flags of training (defaults for supervised; skipgram and cbow where they differ):
  -lr 0.1 (0.05)  -lrUpdateRate 100  -dim 100  -ws 5  -epoch 5  -neg 5  -loss softmax (ns) | hs | ns | one-vs-all
  -minCount 1 (5)  -minCountLabel 0  -wordNgrams 1  -bucket 2000000  -minn 0 (3)  -maxn 0 (6)  -t 0.0001
  -label __label__  -thread 1  -seed 0  -pretrainedVectors FILE.vec  -saveOutput  -verbose 2
  -deterministic  trains on one thread: the same result each time, whatever -thread says, as one-vs-all on short lines is anyway
  -compat     initialisation, end-of-file rule and probabilities as in the C++ program; with predict and test every digit
  -inputModel FILE.bin  go on from a model;  -validation FILE -patience 3  stop when no epoch is better, keep the best
  -labelWeights FILE  lines "label weight";  -lineWeights FILE  a number for each line of the text
  -memory 2G  for the text in memory; a larger one is read from a temporary file, epoch by epoch, by one thread
  -autotune-validation FILE  -autotune-metric f1 | f1:LABEL | precisionAtRecall:N[:LABEL] | recallAtPrecision:N[:LABEL]
  -autotune-predictions 1  -autotune-duration 300  -autotune-modelsize 2M
Flags of quantize: -cutoff 0  -retrain  -qnorm  -qout  -dsub 2, and those of training for -retrain
--json prints one JSON document (test, predict and the verbs that train)`;

/** They read their arguments as the reference program does. */
export const verbs: readonly RawVerb[] = table.map(([name, usage, summary, action]) => ({
  name,
  usage,
  summary,
  ...(usage.startsWith("-") ? { notes: () => flags } : {}),
  run: (context) => action(context.args, context),
}));
