// The panel of "Bag of Tricks for Efficient Text Classification": train a classifier, ask it, see why; name a language.
import "../styles/fasttext.css";
import type { Prediction } from "@reprise/fasttext";
import {
  type CompareInputs,
  cookingBytes,
  defaultInputs,
  type LanguageInputs,
  languageBytes,
  linesOf,
  linesProblem,
  type TrainInputs,
  type WithLines,
} from "../../run/fasttext/inputs.ts";
import type { Trained, TrainingSoFar } from "../../run/fasttext/training.ts";
import type { TrainResult } from "../../run/fasttext.worker.ts";
import type { TaskOptions } from "../panel.ts";
import { panel as panelOf, task } from "../panel.ts";
import { AskLabels, AskLanguage } from "./fasttext/ask-view.tsx";
import { LinesField } from "./fasttext/lines-field.tsx";
import { PhraseField, phraseProblem } from "./fasttext/phrase-field.tsx";
import { trainingViews } from "./fasttext/training-views.ts";
import { comparison, languageSentence, trainingSentence } from "./fasttext/wording.ts";
import { worker } from "./fasttext/worker.ts";

const { train, compare, language } = defaultInputs;

const comparisonInputs: TaskOptions<CompareInputs, unknown, unknown, unknown>["inputs"] = {
  lines: { kind: "custom", label: "Labelled lines", default: train.lines, check: linesProblem, control: LinesField },
  dim: { kind: "number", label: "Hidden units h", default: train.dim, min: 1, max: 100 },
  epochs: { kind: "number", label: "Epochs", default: train.epochs, min: 1, max: 200 },
  lr: { kind: "number", label: "Learning rate", default: train.lr, min: 0.001, max: 10, step: "any" },
  wordNgrams: { kind: "number", label: "Longest word n-gram", default: train.wordNgrams, min: 1, max: 5 },
};

const phraseInputs = (defaults: LanguageInputs): TaskOptions<LanguageInputs, unknown, unknown, unknown>["inputs"] => ({
  phrase: {
    kind: "custom",
    label: "Text to classify",
    default: defaults.phrase,
    check: phraseProblem,
    control: PhraseField,
  },
  k: { kind: "number", label: "Labels shown", default: defaults.k, min: 1, max: 20 },
});

const withLines = <Inputs extends CompareInputs>(inputs: Inputs): WithLines<Inputs> => ({
  ...inputs,
  lines: linesOf(inputs.lines),
});

/** Lines of the reader's own are not downloaded. */
const questions = ({ lines }: CompareInputs) => (lines === "cooking" ? [{ name: lines, bytes: cookingBytes }] : []);

export const panel = panelOf({
  intro:
    "Train a text classifier on labelled lines in seconds, ask it what you like, and see which words spoke for its answer. Everything is computed here, in your browser.",
  worker,
  tasks: {
    train: task<TrainInputs, WithLines<TrainInputs>, TrainResult, readonly TrainingSoFar[]>({
      label: "Train and ask",
      inputs: {
        ...comparisonInputs,
        loss: {
          kind: "choice",
          label: "Labels are read out by",
          default: train.loss,
          options: [
            { value: "softmax", label: "softmax" },
            { value: "hs", label: "hierarchical softmax" },
          ],
        },
        ...phraseInputs(train),
      },
      presets: [
        { label: "Cooking questions", values: train },
        { label: "Hierarchical softmax", values: { ...train, loss: "hs" } },
        { label: "Words without their order", values: { ...train, wordNgrams: 1 } },
        { label: "Two hidden units", values: { ...train, dim: 2, epochs: 50 } },
      ],
      downloads: questions,
      run: worker.method("train"),
      message: withLines,
      announce: trainingSentence,
      partialViews: (soFar, { epochs }) => trainingViews(soFar, epochs, []),
      views: ({ trained, answer }, inputs) => [
        // Last: what was there while it trained stays where it is.
        ...trainingViews([trained], inputs.epochs, [trained]),
        { kind: "custom", content: <AskLabels first={answer} inputs={inputs} /> },
      ],
    }),
    compare: task<CompareInputs, WithLines<CompareInputs>, readonly Trained[], readonly TrainingSoFar[]>({
      label: "Softmax or a tree?",
      inputs: comparisonInputs,
      presets: [{ label: "Cooking questions", values: compare }],
      downloads: questions,
      run: worker.method("compare"),
      message: withLines,
      announce: comparison,
      partialViews: (soFar, { epochs }) => trainingViews(soFar, epochs, []),
      views: (runs, { epochs }) => trainingViews(runs, epochs, runs),
    }),
    language: task<LanguageInputs, LanguageInputs, readonly Prediction[], never>({
      label: "Name a language",
      inputs: phraseInputs(language),
      presets: [
        { label: "Portuguese", values: language },
        { label: "Esperanto", values: { phrase: "Kiu ne havas hundon, ĉasas per kato." } },
      ],
      downloads: () => [{ name: "language", bytes: languageBytes }],
      run: worker.method("language"),
      message: (inputs) => inputs,
      announce: languageSentence,
      views: (answer, inputs) => [{ kind: "custom", content: <AskLanguage first={answer} inputs={inputs} /> }],
    }),
  },
});
