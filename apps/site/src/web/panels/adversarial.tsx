// The panel of "Intriguing properties of neural networks": attack a digit, and see whom the result fools.
import "../styles/adversarial.css";
import type { AttackResult, AttackSoFar } from "../../run/adversarial/attack.ts";
import { digitProblem } from "../../run/adversarial/digits.ts";
import {
  type AdversarialInputs,
  defaultInputs,
  downloadBytes,
  networks,
  type TargetChoice,
} from "../../run/adversarial/inputs.ts";
import type { Panel } from "../panel.ts";
import { AttackView } from "./adversarial/attack-view.tsx";
import { DigitPicker } from "./adversarial/digit-picker.tsx";
import { sentence } from "./adversarial/wording.ts";

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const satisfies readonly TargetChoice[];

export const panel: Panel<AdversarialInputs, AttackResult, AttackSoFar> = {
  intro:
    "Take a digit that the network reads correctly, and look for the smallest change that makes it read another one. Everything is computed here, in your browser.",
  parameters: {
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
    norm: {
      kind: "choice",
      label: "Size of r is measured by",
      default: defaultInputs.norm,
      options: [
        { value: "squared", label: "‖r‖², smooth at 0" },
        { value: "l2", label: "‖r‖, as the paper prints it" },
      ],
    },
    seed: {
      kind: "number",
      label: "Seed (random target, noise)",
      default: defaultInputs.seed,
      min: 0,
      max: 4_294_967_295,
    },
  },
  presets: [
    { label: "The paper’s network", values: { network: "fc100-100-10", target: "closest" } },
    { label: "The least likely digit", values: { target: "least" } },
    { label: "Softmax only, which travels", values: { network: "fc10-1e-2", target: "closest" } },
    { label: "Convolutions", values: { network: "lenet", target: "closest" } },
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
