// The panel of "Intriguing properties of neural networks": attack a digit, and see whom the result fools.
import "../styles/adversarial.css";
import { attackChoices } from "../../run/adversarial/attack-choices.ts";
import { digitProblem } from "../../run/adversarial/digits.ts";
import {
  type AdversarialInputs,
  defaultInputs,
  downloadBytes,
  inputApplies,
  networks,
  type TargetChoice,
} from "../../run/adversarial/inputs.ts";
import type { AttackSoFar } from "../../run/adversarial/outcome.ts";
import type { TransferResult } from "../../run/adversarial/transfer.ts";
import type { AdversarialResult, AdversarialSoFar } from "../../run/adversarial.worker.ts";
import { lazy } from "../lazy.tsx";
import type { Panel } from "../panel.ts";
import { AttackView } from "./adversarial/attack-view.tsx";
import { DigitPicker } from "./adversarial/digit-picker.tsx";
import { sentence } from "./adversarial/wording.ts";

const TransferView = lazy(() => import("./adversarial/transfer-view.tsx").then((module) => module.TransferView));
const UnitsView = lazy(() => import("./adversarial/units-view.tsx").then((module) => module.UnitsView));

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const satisfies readonly TargetChoice[];

export const panel: Panel<AdversarialInputs, AdversarialResult, AdversarialSoFar> = {
  intro:
    "Take an image that a network reads correctly, and look for the smallest change that makes it read something else; see which other networks such images fool; look at what single units respond to. Everything is computed here, in your browser.",
  parameters: {
    task: {
      kind: "choice",
      label: "What to do",
      look: "tabs",
      default: defaultInputs.task,
      options: [
        { value: "attack", label: "Attack an image" },
        { value: "transfer", label: "Who fools whom" },
        { value: "units", label: "Units and directions" },
      ],
    },
    digit: { kind: "custom", label: "Digit", default: defaultInputs.digit, check: digitProblem, control: DigitPicker },
    network: {
      kind: "choice",
      label: "Network",
      default: defaultInputs.network,
      options: networks.map(({ name, label }) => ({ value: name, label })),
    },
    target: {
      kind: "choice",
      label: "Make it read",
      default: defaultInputs.target,
      options: [
        { value: "closest", label: "the closest other digit" },
        { value: "least", label: "the least likely digit" },
        { value: "random", label: "a random other digit" },
        ...digits.map((value) => ({ value, label: `a ${value}` })),
      ],
    },
    attack: {
      kind: "choice",
      label: "Attack",
      default: defaultInputs.attack,
      options: attackChoices.map(({ name, label }) => ({ value: name, label })),
    },
    norm: {
      kind: "choice",
      label: "Size of r is measured by",
      default: defaultInputs.norm,
      options: [
        { value: "squared", label: "‖r‖², smooth at 0" },
        { value: "l2", label: "‖r‖, as the paper prints it" },
      ],
    },
    ball: {
      kind: "choice",
      label: "The attack stays in a ball of",
      default: defaultInputs.ball,
      options: [
        { value: "linf", label: "‖r‖∞, every pixel" },
        { value: "l2", label: "‖r‖₂, all together" },
      ],
    },
    epsilon: { kind: "number", label: "ε, the most a pixel moves", default: 0.1, min: 0.001, max: 1, step: "any" },
    radius: { kind: "number", label: "ε, the longest r", default: 1.5, min: 0.001, max: 1000, step: "any" },
    share: { kind: "number", label: "Share of the pixels", default: 0.1, min: 0.001, max: 1, step: "any" },
    steps: { kind: "number", label: "Steps (0: the attack’s own)", default: 0, min: 0, max: 100_000 },
    images: { kind: "number", label: "Test images", default: defaultInputs.images, min: 2, max: 200 },
    body: {
      kind: "choice",
      label: "Network",
      default: defaultInputs.body,
      options: networks.map(({ name, label }) => ({ value: name, label })),
    },
    layer: {
      kind: "choice",
      label: "Layer",
      default: defaultInputs.layer,
      options: [
        { value: "last", label: "the last hidden layer" },
        { value: "first", label: "the first hidden layer" },
        { value: "scores", label: "the scores, before the softmax" },
      ],
    },
    seed: {
      kind: "number",
      label: "Seed of all that is drawn",
      default: defaultInputs.seed,
      min: 0,
      max: 4_294_967_295,
    },
  },
  applies: inputApplies,
  presets: [
    {
      label: "The paper’s attack",
      values: { task: "attack", attack: "l-bfgs", network: "fc100-100-10", target: "closest" },
    },
    { label: "The least likely digit", values: { task: "attack", attack: "l-bfgs", target: "least" } },
    {
      label: "Softmax only, which travels",
      values: { task: "attack", attack: "l-bfgs", network: "fc10-1e-2", target: "closest" },
    },
    {
      label: "One step: FGSM",
      values: { task: "attack", attack: "fgsm", network: "fc10-1e-4", ball: "linf", epsilon: 0.1, target: "closest" },
    },
    {
      label: "LeNet, last layer",
      values: { task: "units", body: "lenet", layer: "last" },
    },
    { label: "LeNet, first convolution", values: { task: "units", body: "lenet", layer: "first" } },
    { label: "No gradients", values: { task: "attack", attack: "hopskipjump", target: "closest" } },
  ],
  downloadBytes,
  startWorker: () => new Worker(new URL("../../run/adversarial.worker.ts", import.meta.url), { type: "module" }),
  announce: sentence,
  partialViews: (soFar, inputs) => [
    {
      kind: "custom",
      content:
        inputs.task === "transfer" ? (
          <TransferView result={soFar as TransferResult} />
        ) : (
          <AttackView soFar={soFar as AttackSoFar} result={null} inputs={inputs} />
        ),
    },
  ],
  views: (result, inputs) => [{ kind: "custom", content: viewOf(result, inputs) }],
};

function viewOf(result: AdversarialResult, inputs: AdversarialInputs) {
  switch (result.task) {
    case "attack":
      return <AttackView soFar={result} result={result} inputs={inputs} />;
    case "transfer":
      return <TransferView result={result} />;
    case "units":
      return <UnitsView result={result} />;
  }
}
