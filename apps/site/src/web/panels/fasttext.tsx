// The panel of "Bag of Tricks for Efficient Text Classification": train a classifier, ask it, see why; name a language.
import "../styles/fasttext.css";
import { defaultInputs, type FastTextInputs, linesOf, linesProblem } from "../../run/fasttext/inputs.ts";
import type { TrainingSoFar } from "../../run/fasttext/training.ts";
import type { FastTextResult } from "../../run/fasttext.worker.ts";
import type { Panel } from "../panel.ts";
import { startWorker } from "./fasttext/ask.ts";
import { AskLabels, AskLanguage } from "./fasttext/ask-view.tsx";
import { LinesField } from "./fasttext/lines-field.tsx";
import { PhraseField, phraseProblem } from "./fasttext/phrase-field.tsx";
import { TrainingView } from "./fasttext/training-view.tsx";
import { sentence } from "./fasttext/wording.ts";

const trainingInputs: readonly (keyof FastTextInputs)[] = ["lines", "dim", "epochs", "lr", "wordNgrams"];
const shown: Readonly<Record<FastTextInputs["task"], readonly (keyof FastTextInputs)[]>> = {
  train: ["task", ...trainingInputs, "loss", "phrase", "k"],
  compare: ["task", ...trainingInputs],
  language: ["task", "phrase", "k"],
};

export const panel: Panel<FastTextInputs, FastTextResult, readonly TrainingSoFar[]> = {
  intro:
    "Train a text classifier on labelled lines in seconds, ask it what you like, and see which words spoke for its answer. Everything is computed here, in your browser.",
  parameters: {
    task: {
      kind: "choice",
      label: "What to do",
      look: "tabs",
      default: defaultInputs.task,
      options: [
        { value: "train", label: "Train and ask" },
        { value: "compare", label: "Softmax or a tree?" },
        { value: "language", label: "Name a language (0.9 MB)" },
      ],
    },
    lines: {
      kind: "custom",
      label: "Labelled lines",
      default: defaultInputs.lines,
      check: linesProblem,
      control: LinesField,
    },
    loss: {
      kind: "choice",
      label: "Labels are read out by",
      default: defaultInputs.loss,
      options: [
        { value: "softmax", label: "softmax" },
        { value: "hs", label: "hierarchical softmax" },
      ],
    },
    dim: { kind: "number", label: "Hidden units h", default: defaultInputs.dim, min: 1, max: 100 },
    epochs: { kind: "number", label: "Epochs", default: defaultInputs.epochs, min: 1, max: 200 },
    lr: { kind: "number", label: "Learning rate", default: defaultInputs.lr, min: 0.001, max: 10, step: "any" },
    wordNgrams: {
      kind: "number",
      label: "Longest word n-gram",
      default: defaultInputs.wordNgrams,
      min: 1,
      max: 5,
    },
    k: { kind: "number", label: "Labels shown", default: defaultInputs.k, min: 1, max: 20 },
    phrase: {
      kind: "custom",
      label: "Text to classify",
      default: defaultInputs.phrase,
      check: phraseProblem,
      control: PhraseField,
    },
  },
  applies: (name, { task }) => shown[task].includes(name),
  presets: [
    { label: "Cooking questions", values: defaultInputs },
    { label: "Hierarchical softmax", values: { ...defaultInputs, loss: "hs" } },
    { label: "Words without their order", values: { ...defaultInputs, wordNgrams: 1 } },
    {
      label: "Portuguese",
      values: { task: "language", phrase: "Quem não tem cão caça com gato." },
    },
    {
      label: "Esperanto",
      values: { task: "language", phrase: "Kiu ne havas hundon, ĉasas per kato." },
    },
  ],
  startWorker,
  toMessage: (inputs) => ({ ...inputs, lines: linesOf(inputs.lines) }),
  announce: sentence,
  partialViews: (soFar, inputs) => [
    { kind: "custom", content: <TrainingView runs={soFar} epochs={inputs.epochs} finished={[]} /> },
  ],
  views: (result, inputs) => {
    if (result.task === "language")
      return [{ kind: "custom", content: <AskLanguage first={result.answer} inputs={inputs} /> }];
    const finished = result.task === "train" ? [result.trained] : result.runs;
    const training = <TrainingView runs={finished} epochs={inputs.epochs} finished={finished} />;
    if (result.task === "compare") return [{ kind: "custom", content: training }];
    return [
      { kind: "custom", content: <AskLabels first={result.answer} inputs={inputs} /> },
      { kind: "custom", content: training },
    ];
  },
};
