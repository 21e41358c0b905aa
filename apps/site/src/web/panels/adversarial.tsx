// The panel of "Intriguing properties of neural networks": attack a digit, and see whom the result fools.
import "../styles/adversarial.css";
import { attackFacts } from "@reprise/adversarial/attacks";
import type { AttackMessage, AttackResult } from "../../run/adversarial/attack.ts";
import { digitProblem } from "../../run/adversarial/digits.ts";
import { modelBytes } from "../../run/adversarial/downloads.ts";
import type { UnitsResult } from "../../run/adversarial/grids.ts";
import {
  type AttackInputs,
  attackApplies,
  defaultInputs,
  defaultTransfer,
  defaultUnits,
  isLinear,
  networks,
  type TargetChoice,
  type TransferInputs,
  type UnitsInputs,
} from "../../run/adversarial/inputs.ts";
import type { AttackSoFar } from "../../run/adversarial/outcome.ts";
import { namesOf } from "../../run/adversarial/own-files.ts";
import type { TransferResult } from "../../run/adversarial/transfer.ts";
import { runtimeBytes } from "../../run/runtime-bytes.ts";
import { lazy } from "../lazy.tsx";
import { panel as panelOf, task } from "../panel.ts";
import { DigitPicker } from "./adversarial/digit-picker.tsx";
import { numbersField } from "./adversarial/numbers-field.tsx";
import { imageOf, imageProblem, modelOf, modelProblem } from "./adversarial/own.ts";
import { attackSentence, transferSentence, unitsSentence } from "./adversarial/wording.ts";
import { worker } from "./adversarial/worker.ts";

// Fetched when they are first shown.
const OwnModelDrop = lazy(() => import("./adversarial/own-model.tsx").then((module) => module.OwnModelDrop));
const AttackView = lazy(() => import("./adversarial/attack-view.tsx").then((module) => module.AttackView));
const TransferView = lazy(() => import("./adversarial/transfer-view.tsx").then((module) => module.TransferView));
const UnitsView = lazy(() => import("./adversarial/units-view.tsx").then((module) => module.UnitsView));

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const satisfies readonly TargetChoice[];

const imageOrDigitProblem = (value: string) => (value.startsWith("f") ? imageProblem(value) : digitProblem(value));

const onOwnModel = ({ network }: AttackInputs) => network === "own";
const onShipped = (inputs: AttackInputs) => !onOwnModel(inputs);

const seedInput = {
  kind: "number",
  label: "Seed of all that is drawn",
  default: 0,
  min: 0,
  max: 4_294_967_295,
} as const;

const downloads = () => [
  { name: "ONNX Runtime", bytes: runtimeBytes.sent },
  { name: "networks", bytes: modelBytes },
];

export const panel = panelOf({
  intro:
    "Take an image that a network reads correctly, and look for the smallest change that makes it read something else; see which other networks such images fool; look at what single units respond to. Everything is computed here, in your browser.",
  worker,
  tasks: {
    attack: task<AttackInputs, AttackMessage, AttackResult, AttackSoFar>({
      label: "Attack an image",
      inputs: {
        digit: {
          kind: "custom",
          label: "Image",
          default: defaultInputs.digit,
          check: imageOrDigitProblem,
          control: DigitPicker,
        },
        network: {
          kind: "choice",
          label: "Network",
          default: defaultInputs.network,
          options: [
            ...networks.map(({ name, label }) => ({ value: name, label })),
            { value: "own", label: "your own ONNX model …" },
          ],
        },
        model: {
          kind: "custom",
          label: "Your model",
          default: defaultInputs.model,
          check: modelProblem,
          control: OwnModelDrop,
        },
        range: {
          kind: "choice",
          label: "It takes pixels from",
          default: defaultInputs.range,
          options: [
            { value: "unit", label: "0 to 1" },
            { value: "byte", label: "0 to 255" },
            { value: "signed", label: "−1 to 1" },
          ],
        },
        mean: numbersField("less a mean of"),
        std: numbersField("divided by"),
        layout: {
          kind: "choice",
          label: "Layout",
          default: defaultInputs.layout,
          options: [
            { value: "found", label: "found by its sizes" },
            { value: "nchw", label: "N, C, H, W" },
            { value: "nhwc", label: "N, H, W, C" },
          ],
        },
        channels: {
          kind: "choice",
          label: "Order of colours",
          default: defaultInputs.channels,
          options: [
            { value: "rgb", label: "red, green, blue" },
            { value: "bgr", label: "blue, green, red" },
          ],
        },
        scores: {
          kind: "choice",
          label: "It gives",
          default: defaultInputs.scores,
          options: [
            { value: "found", label: "logits or a softmax" },
            { value: "probabilities", label: "probabilities" },
          ],
        },
        side: { kind: "number", label: "Side of its images", default: defaultInputs.side, min: 1, max: 1024 },
        aim: {
          kind: "choice",
          label: "Make it read",
          default: defaultInputs.aim,
          options: [
            { value: "closest", label: "any other label" },
            { value: "least", label: "the least likely label" },
            { value: "random", label: "a random other label" },
            { value: "label", label: "one label, by number" },
          ],
        },
        label: { kind: "number", label: "Number of the label", default: 0, min: 0, max: 1_000_000 },
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
          options: attackFacts.map(({ name, label }) => ({
            value: name,
            label,
            ...(name === "lbfgs" ? { was: "l-bfgs" } : {}),
          })),
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
        confidence: {
          kind: "number",
          label: "κ, the lead asked for",
          default: defaultInputs.confidence,
          min: 0,
          max: 100,
          step: "any",
          hint: "In logits: over the old label or, with a target, over all others. 0: any lead at all.",
        },
        topK: {
          kind: "number",
          label: "k, labels that count",
          default: defaultInputs.topK,
          min: 1,
          max: 9,
          hint: "1: what it reads. More: the new label must come among its k likeliest, or the old one leave them.",
        },
        steps: { kind: "number", label: "Steps (0: the attack’s own)", default: 0, min: 0, max: 100_000 },
        enlarge: {
          kind: "number",
          label: "Then enlarge r by",
          default: defaultInputs.enlarge,
          min: 1,
          max: 100,
          step: "any",
          hint: "1 shows x′ as it was found. More moves it further along r, and fools more networks.",
        },
        seed: seedInput,
      },
      // The size is asked for only where the file leaves it open.
      applies: (name, inputs) =>
        attackApplies(name, inputs) && (name !== "side" || (modelOf(inputs.model)?.facts?.shape.includes(0) ?? false)),
      presets: [
        {
          label: "Torchvision’s mean and std",
          values: { range: "unit", mean: "0.485, 0.456, 0.406", std: "0.229, 0.224, 0.225" },
          suits: onOwnModel,
        },
        {
          label: "One step: FGSM",
          values: { attack: "fgsm", ball: "linf", epsilon: 0.02 },
          suits: onOwnModel,
        },
        { label: "No gradients", values: { attack: "square", epsilon: 0.05 }, suits: onOwnModel },
        {
          label: "The paper’s attack",
          values: { attack: "lbfgs", network: "fc100-100-10", target: "closest" },
          suits: onShipped,
        },
        {
          label: "The least likely digit",
          values: { attack: "lbfgs", target: "least" },
          suits: onShipped,
        },
        {
          label: "Softmax only, which travels",
          values: { attack: "lbfgs", network: "fc10-1e-2", target: "closest" },
          suits: onShipped,
        },
        {
          label: "One step: FGSM",
          values: {
            attack: "fgsm",
            network: "fc10-1e-4",
            ball: "linf",
            epsilon: 0.1,
            target: "closest",
          },
          suits: onShipped,
        },
        {
          label: "Well across: κ = 5",
          values: { attack: "cw", target: "closest", confidence: 5, topK: 1 },
          suits: onShipped,
        },
        {
          label: "No gradients",
          values: { attack: "hopskipjump", target: "closest" },
          suits: onShipped,
        },
      ],
      downloads,
      run: worker.method("attack"),
      message(inputs) {
        const model = inputs.network === "own" ? modelOf(inputs.model) : undefined;
        return {
          inputs,
          image: imageOf(inputs.digit) ?? null,
          own: model ? { model: model.file, names: namesOf(model.names) } : null,
        };
      },
      announce: attackSentence,
      partialViews: (soFar, inputs) => [
        { kind: "custom", content: <AttackView soFar={soFar} result={null} inputs={inputs} /> },
      ],
      views: (result, inputs) => [
        { kind: "custom", content: <AttackView soFar={result} result={result} inputs={inputs} /> },
      ],
    }),
    transfer: task<TransferInputs, TransferInputs, TransferResult, TransferResult>({
      label: "Who fools whom",
      inputs: {
        images: { kind: "number", label: "Test images", default: defaultTransfer.images, min: 2, max: 200 },
        seed: seedInput,
      },
      downloads,
      run: worker.method("transfer"),
      message: (inputs) => inputs,
      announce: transferSentence,
      partialViews: (soFar) => [{ kind: "custom", content: <TransferView result={soFar} /> }],
      views: (result) => [{ kind: "custom", content: <TransferView result={result} /> }],
    }),
    units: task<UnitsInputs, UnitsInputs, UnitsResult, never>({
      label: "Units and directions",
      inputs: {
        body: {
          kind: "choice",
          label: "Network",
          default: defaultUnits.body,
          options: networks.map(({ name, label }) => ({ value: name, label })),
        },
        layer: {
          kind: "choice",
          label: "Layer",
          default: defaultUnits.layer,
          options: [
            { value: "last", label: "the last hidden layer" },
            { value: "first", label: "the first hidden layer" },
            { value: "scores", label: "the scores, before the softmax" },
          ],
        },
        seed: seedInput,
      },
      applies: (name, { body }) => !(name === "layer" && isLinear(body)),
      presets: [
        { label: "LeNet, last layer", values: { body: "lenet", layer: "last" } },
        { label: "LeNet, first convolution", values: { body: "lenet", layer: "first" } },
      ],
      downloads,
      run: worker.method("units"),
      message: (inputs) => inputs,
      announce: unitsSentence,
      views: (result) => [{ kind: "custom", content: <UnitsView result={result} /> }],
    }),
  },
});
