// The panel of "Bit-Flip Attack": find the few bits of a quantised network that break it, flip some by hand, or make it see
// one class everywhere.
import models from "../../../content/journals/corr/abs-1903-12269/models/models.json" with { type: "json" };
import "../styles/bit-flip.css";
import type { FlipsResult, FlipsSoFar, HandResult } from "../../run/bit-flip/flips.ts";
import {
  type Digit,
  defaultHand,
  defaultSearch,
  defaultTarget,
  type HandInputs,
  layers,
  networks,
  type SearchInputs,
  type TargetInputs,
} from "../../run/bit-flip/inputs.ts";
import type { HandMessage, SearchMessage } from "../../run/bit-flip.worker.ts";
import { runtimeBytes } from "../../run/runtime-bytes.ts";
import { panel as panelOf, task } from "../panel.ts";
import { Downloads } from "./bit-flip/downloads.tsx";
import { flipsViews, soFarViews } from "./bit-flip/flips-views.ts";
import { HandView } from "./bit-flip/hand-view.tsx";
import { MemoryView } from "./bit-flip/memory-view.tsx";
import { OwnModelDrop, ownModel, ownModelProblem } from "./bit-flip/own-model.tsx";
import { handSentence, percent, searchSentence, targetSentence } from "./bit-flip/wording.ts";
import { worker } from "./bit-flip/worker.ts";

const shipped = networks.map(({ name, label }) => ({ value: name, label }));
const sample = { kind: "number", label: "Images of the sample", default: 32, min: 8, max: 128 } as const;
const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const satisfies readonly Digit[];

/** A quantised network, and the digits that it is tested on. */
const fileBytes = 85_000 + 140_000;
const downloads = () => [
  { name: "ONNX Runtime", bytes: runtimeBytes.sent },
  { name: "network and digits", bytes: fileBytes },
];

const readRight = models.find(({ network }) => network === defaultSearch.network)!.accuracy;

export const panel = panelOf({
  intro: `A network of 8-bit weights that reads ${percent(readRight)} of handwritten digits right: find the handful of bits that break it, flip bits by hand, or make every digit an 8. Everything is computed here, in your browser; what is flipped is a copy in its memory.`,
  worker,
  tasks: {
    search: task<SearchInputs, SearchMessage, FlipsResult, FlipsSoFar>({
      label: "Find the bits",
      inputs: {
        network: {
          kind: "choice",
          label: "Network",
          default: defaultSearch.network,
          options: [...shipped, { value: "own", label: "your own ONNX model …" }],
        },
        model: {
          kind: "custom",
          label: "Your model",
          default: defaultSearch.model,
          check: ownModelProblem,
          control: OwnModelDrop,
        },
        sample,
        maxFlips: { kind: "number", label: "At most so many flips", default: defaultSearch.maxFlips, min: 1, max: 60 },
        seed: { kind: "number", label: "Seed of the random flips", default: 0, min: 0, max: 4_294_967_295 },
      },
      applies: (name, { network }) => name !== "model" || network === "own",
      presets: [
        { label: "The plain network", values: defaultSearch },
        { label: "Trained to resist", values: { ...defaultSearch, network: "resnet8-clustered" } },
      ],
      downloads,
      run: worker.method("search"),
      message: (inputs) => ({ inputs, own: ownModel(inputs.model) }),
      announce: searchSentence,
      partialViews: (soFar, { maxFlips }) => soFarViews(soFar, maxFlips),
      views: (result, { network }) => [
        ...flipsViews(result),
        { kind: "custom", content: <MemoryView memory={result.memory} changed={result.changed} /> },
        { kind: "custom", content: <Downloads result={result} name={network} /> },
      ],
    }),
    hand: task<HandInputs, HandMessage, HandResult, never>({
      label: "By hand",
      inputs: {
        network: { kind: "choice", label: "Network", default: defaultHand.network, options: shipped },
        layer: {
          kind: "choice",
          label: "Layer",
          default: defaultHand.layer,
          options: layers.map(({ name, weights }) => ({ value: name, label: `${name}, ${weights} weights` })),
        },
        weight: { kind: "number", label: "Weight", default: defaultHand.weight, min: 0, max: 36_863 },
        bit: {
          kind: "number",
          label: "Bit",
          default: defaultHand.bit,
          min: 0,
          max: 7,
          hint: "0 is the smallest, 7 the sign.",
        },
      },
      presets: [{ label: "A sign in the first layer", values: defaultHand }],
      downloads,
      run: worker.method("hand"),
      message: ({ network, layer, weight, bit }) => ({ network, flips: [{ layer, index: weight, bit }] }),
      announce: handSentence,
      views: (result, inputs) => [{ kind: "custom", content: <HandView first={result} inputs={inputs} /> }],
    }),
    target: task<TargetInputs, TargetInputs, FlipsResult, FlipsSoFar>({
      label: "Everything becomes …",
      inputs: {
        network: { kind: "choice", label: "Network", default: defaultTarget.network, options: shipped },
        digit: {
          kind: "choice",
          label: "Every digit becomes",
          default: defaultTarget.digit,
          options: digits.map((value) => ({ value, label: value })),
        },
        sample,
        maxFlips: { kind: "number", label: "At most so many flips", default: defaultTarget.maxFlips, min: 1, max: 60 },
      },
      presets: [{ label: "Eights everywhere", values: defaultTarget }],
      downloads,
      run: worker.method("target"),
      message: (inputs) => inputs,
      announce: (result, { digit }) => targetSentence(result, digit),
      partialViews: (soFar, { maxFlips }) => soFarViews(soFar, maxFlips),
      views: (result) => [
        ...flipsViews(result),
        { kind: "custom", content: <MemoryView memory={result.memory} changed={result.changed} /> },
      ],
    }),
  },
});
