// The panel of "Intriguing properties of neural networks": attack a digit, and see whom the result fools.
import "../styles/adversarial.css";
import type { AttackResult } from "../../run/adversarial/attack.ts";
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
import type { Panel } from "../panel.ts";
import { AttackView } from "./adversarial/attack-view.tsx";
import { DigitPicker } from "./adversarial/digit-picker.tsx";
import { sentence } from "./adversarial/wording.ts";

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const satisfies readonly TargetChoice[];

export const panel: Panel<AdversarialInputs, AttackResult, AttackSoFar> = {
  intro:
    "Take a digit that the network reads correctly, and look for the smallest change that makes it read another one. Everything is computed here, in your browser.",
  parameters: {
    task: {
      kind: "choice",
      label: "What to do",
      look: "tabs",
      default: defaultInputs.task,
      options: [{ value: "attack", label: "Attack an image" }],
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
    { label: "No gradients", values: { task: "attack", attack: "hopskipjump", target: "closest" } },
  ],
  downloadBytes,
  startWorker: () => new Worker(new URL("../../run/adversarial.worker.ts", import.meta.url), { type: "module" }),
  announce: sentence,
  partialViews: (soFar, inputs) => [
    { kind: "custom", content: <AttackView soFar={soFar} result={null} inputs={inputs} /> },
  ],
  views: (result, inputs) => [
    { kind: "custom", content: <AttackView soFar={result} result={result} inputs={inputs} /> },
  ],
};
