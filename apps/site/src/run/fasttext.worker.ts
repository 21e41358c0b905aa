// The panel "fastText" in its Web Worker: training, classifying and language identification with the WASM kernel. One
// thread: the panel's data take seconds, and so it works without cross-origin isolation.
import { Model, type Prediction } from "@reprise/fasttext";
import { type Classification, classify, languages } from "./fasttext/classify.ts";
import {
  type CompareInputs,
  cookingBytes,
  type LanguageInputs,
  languageBytes,
  paperKey,
  type TrainInputs,
  type WithLines,
} from "./fasttext/inputs.ts";
import { divide, normalise } from "./fasttext/lines.ts";
import { compareLosses, type Trained, type TrainingSoFar, trainOnce } from "./fasttext/training.ts";
import type { Progress } from "./protocol.ts";
import { type RunContext, serveTasks } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";

export interface TrainResult {
  readonly trained: Trained;
  readonly answer: Classification;
}

const folder = `/content/${paperKey}/data/`;
let trainedModel: Model | undefined;
let languageModel: Promise<Model> | undefined;

const tasks = { train, compare, language, classifyText, nameLanguage };
export type FastTextTasks = typeof tasks;
serveTasks(tasks);

async function train(
  { lines, loss, phrase, k, ...inputs }: WithLines<TrainInputs>,
  { signal, progress }: RunContext<readonly TrainingSoFar[]>,
): Promise<TrainResult> {
  trainedModel = undefined; // let go before the next takes its room
  const { model, trained } = await trainOnce(await readLines(lines, progress), loss, inputs, {
    signal,
    progress: ({ partial, ...rest }) => progress({ ...rest, ...(partial ? { partial: [partial] } : {}) }),
  });
  trainedModel = model;
  return { trained, answer: classify(model, normalise(phrase), k) };
}

async function compare(
  { lines, ...inputs }: WithLines<CompareInputs>,
  context: RunContext<readonly TrainingSoFar[]>,
): Promise<readonly Trained[]> {
  return compareLosses(await readLines(lines, context.progress), inputs, context);
}

async function language({ phrase, k }: LanguageInputs, context: RunContext<never>): Promise<readonly Prediction[]> {
  return languages(await loadLanguages(context.progress), phrase, k);
}

/** Asks the model that was trained last. */
function classifyText({ phrase, k }: LanguageInputs): Classification {
  if (!trainedModel) throw new Error("There is no trained model any more: press Run again.");
  return classify(trainedModel, normalise(phrase), k);
}

async function nameLanguage({ phrase, k }: LanguageInputs): Promise<readonly Prediction[]> {
  return languages(await loadLanguages(), phrase, k);
}

type Tell = (progress: Progress<never>) => void;

async function readLines(own: string | null, progress: Tell) {
  progress({ done: 0, total: 100, text: "reading the lines" });
  if (own !== null) return divide(own, false);
  const told = ofBytes("the questions", cookingBytes, progress);
  const packed = await siteFile(`${folder}cooking.txt.gz`, "the cooking questions", told);
  const text = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return divide(await new Response(text).text(), true);
}

function loadLanguages(progress: Tell = () => {}): Promise<Model> {
  const told = ofBytes("the model", languageBytes, progress);
  languageModel ??= siteFile(`${folder}lid.176.ftz`, "the language model", told).then((bytes) =>
    Model.fromBytes(bytes, { name: "lid.176.ftz" }),
  );
  languageModel.catch(() => {
    languageModel = undefined;
  });
  return languageModel;
}

/** Progress of a download of known size. */
function ofBytes(what: string, total: number, progress: Tell): (bytes: number) => void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return (bytes) =>
    progress({
      done: Math.min(bytes, total),
      total,
      text: `loading ${what}: ${megabytes(bytes)} of ${megabytes(total)} MB`,
    });
}
