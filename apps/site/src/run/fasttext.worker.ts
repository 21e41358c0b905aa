// The panel "fastText" in its Web Worker: training, classifying and language identification with the WASM kernel. One
// thread: the panel's data take seconds, and so it works without cross-origin isolation.
import { Model, type Prediction } from "@reprise/fasttext";
import { type Classification, classify, languages } from "./fasttext/classify.ts";
import { type FastTextRequest, paperKey } from "./fasttext/inputs.ts";
import { divide, normalise } from "./fasttext/lines.ts";
import { compareLosses, type Trained, type TrainingSoFar, trainOnce } from "./fasttext/training.ts";
import { serveMethod } from "./serve-method.ts";
import { siteFile } from "./site-file.ts";

/** What a run gives; `classify` gives a `FastTextAnswer`. */
export type FastTextResult =
  | { readonly task: "train"; readonly trained: Trained; readonly answer: Classification }
  | { readonly task: "compare"; readonly runs: readonly Trained[] }
  | { readonly task: "language"; readonly answer: readonly Prediction[] };

export type FastTextAnswer =
  | { readonly task: "classify"; readonly answer: Classification }
  | { readonly task: "language"; readonly answer: readonly Prediction[] };

const folder = `/content/${paperKey}/data/`;
let trainedModel: Model | undefined;
let languageModel: Promise<Model> | undefined;

serveMethod<FastTextRequest, FastTextResult | FastTextAnswer, readonly TrainingSoFar[]>(async (request, context) => {
  const { signal, progress } = context;
  switch (request.task) {
    case "classify":
      if (request.model === "language")
        return { task: "language", answer: languages(await loadLanguages(), request.phrase, request.k) };
      if (!trainedModel) throw new Error("There is no trained model any more: press Run again.");
      return { task: "classify", answer: classify(trainedModel, normalise(request.phrase), request.k) };
    case "language":
      progress({ done: 0, total: null, text: "loading the model" });
      return { task: "language", answer: languages(await loadLanguages(), request.phrase, request.k) };
    case "compare":
      progress({ done: 0, total: 100, text: "reading the lines" });
      return { task: "compare", runs: await compareLosses(await readLines(request.lines), request, context) };
    case "train": {
      progress({ done: 0, total: 100, text: "reading the lines" });
      const { model, trained } = await trainOnce(await readLines(request.lines), request.loss, request, {
        signal,
        progress: ({ partial, ...rest }) => progress({ ...rest, ...(partial ? { partial: [partial] } : {}) }),
      });
      trainedModel = model;
      return { task: "train", trained, answer: classify(model, normalise(request.phrase), request.k) };
    }
  }
});

async function readLines(own: string | null) {
  if (own !== null) return divide(own, false);
  const packed = await siteFile(`${folder}cooking.txt.gz`, "the cooking questions");
  const text = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return divide(await new Response(text).text(), true);
}

function loadLanguages(): Promise<Model> {
  languageModel ??= siteFile(`${folder}lid.176.ftz`, "the language model").then((bytes) =>
    Model.fromBytes(bytes, { name: "lid.176.ftz" }),
  );
  languageModel.catch(() => {
    languageModel = undefined;
  });
  return languageModel;
}
