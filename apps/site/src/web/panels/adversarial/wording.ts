// Numbers and results in words, the same in the page and in the stored run.

import { factsOf } from "@reprise/adversarial/attacks";
import type { AttackResult } from "../../../run/adversarial/attack.ts";
import type { UnitsResult } from "../../../run/adversarial/grids.ts";
import { type AttackInputs, layerOf, targetOf, titleOf, type UnitsInputs } from "../../../run/adversarial/inputs.ts";
import type { TransferResult } from "../../../run/adversarial/transfer.ts";

/** 0.9876 → "98.8 %", on one line; what is not quite all or nothing is not rounded to it. */
export function percent(share: number): string {
  if (share > 0.9995 && share < 1) return ">\u00a099.9\u00a0%";
  if (share < 0.0005 && share > 0) return "<\u00a00.1\u00a0%";
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

/** Four significant digits. */
export const decimal = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 4 });

/** Two significant digits. */
export const plain = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 2 });

export const count = (value: number): string => value.toLocaleString("en");

/** Whole milliseconds, or seconds from one second on. */
export const milliseconds = (value: number): string =>
  value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;

/** "a 7", or what a label of the reader's model is called. */
export function called(label: number, names: readonly string[] | null): string {
  if (names === null) return `${label === 8 ? "an" : "a"} ${label}`;
  return names[label] === undefined ? `label ${label}` : `“${names[label]}”`;
}

/** Who fools whom, in a sentence. */
export function transferSentence({ columns, rows }: TransferResult): string {
  const away = rows
    .filter(({ name }) => columns.includes(name))
    .flatMap(({ name, errors }) => errors.map(({ rate }, i) => ({ rate, name, to: columns[i]! })))
    .filter(({ name, to }) => name !== to);
  const mean = away.reduce((sum, { rate }) => sum + rate, 0) / away.length;
  const top = away.reduce((a, b) => (b.rate > a.rate ? b : a));
  return `Shown to another network, an adversarial image is misread ${percent(mean)} of the time; most often, ${percent(top.rate)}, from ${titleOf(top.name)} to ${titleOf(top.to)}.`;
}

const layers = { first: "first hidden layer", last: "last hidden layer", scores: "scores" } as const;

/** What units respond to, in a sentence. */
export function unitsSentence({ purity }: UnitsResult, inputs: UnitsInputs): string {
  const where = `${titleOf(inputs.body)}, ${layers[layerOf(inputs)]}`;
  if (purity.counted === 0) return `${where}: no unit is excited by enough of the images to compare.`;
  return `${where}: of the images that most excite a unit ${percent(purity.units)} share a digit on average, along a random direction ${percent(purity.directions)}.`;
}

/** The attack's result in one or two sentences. */
export function attackSentence(result: AttackResult, inputs: AttackInputs): string {
  const { attack, verdicts, names } = result;
  const name = titleOf(inputs.network);
  const { label, kind } = factsOf(inputs.attack);
  switch (attack.status) {
    case "alreadyAdversarial": {
      const k = labelsThatCount(inputs);
      const so =
        k > 1
          ? `has ${called(attack.target!, names)} among the ${k} likeliest labels of the original`
          : `calls the original ${called(attack.predictedBefore, names)}`;
      return `${name} already ${so}: nothing to do. Choose another target.`;
    }
    case "failed":
      if (inputs.attack === "lbfgs") return `No c reached ${goal(inputs)}: the image is the last one tried.`;
      return `${capital(label.split(",")[0]!)} did not reach ${goal(inputs)}: the image is the best one found.${kind === "budget" ? " A larger ε may do." : ""}`;
    case "nonFinite":
      return `${name} gives no finite numbers on this image: there is nothing to minimise.`;
    case "success": {
      const taken = `${name} ${change(result, inputs)}, after a distortion of ${plain(attack.distortion)} per pixel.`;
      const others = verdicts.slice(1);
      if (others.length === 0) return taken;
      const fooled = others.filter((verdict) => verdict.adversarial.label !== verdict.clean.label).length;
      const whom = fooled === 0 ? "none" : fooled === others.length ? "all" : String(fooled);
      const it = inputs.enlarge > 1 ? `With r enlarged ${decimal(inputs.enlarge)} times, it` : "It";
      return `${taken} ${it} fools ${whom} of the ${others.length} other networks.`;
    }
  }
}

/** What was to be reached. */
function goal(inputs: AttackInputs): string {
  const any = targetOf(inputs) === "closest";
  const k = labelsThatCount(inputs);
  const labels = any ? (k > 1 ? `${k} other labels` : "another label") : k > 1 ? `the ${k} likeliest` : "the label";
  return labels + withLead(inputs);
}

/** What the network now makes of the image. */
function change({ attack, names }: AttackResult, inputs: AttackInputs): string {
  const { predictedBefore, predictedAfter, target } = attack;
  const image = names === null ? `this ${predictedBefore}` : `an image of ${called(predictedBefore, names)}`;
  const k = labelsThatCount(inputs);
  const lead = withLead(inputs);
  if (k === 1) return `takes ${image} for ${called(predictedAfter, names)}${lead}`;
  if (targetOf(inputs) === "closest")
    return `finds ${k} labels likelier for ${image}${lead}, first of all ${called(predictedAfter, names)}`;
  return `has ${called(target!, names)} among its ${k} likeliest labels for ${image}${lead}`;
}

const withLead = (inputs: AttackInputs): string =>
  leadAsked(inputs) > 0 ? `, with a lead of ${decimal(leadAsked(inputs))} logits` : "";

/** κ and k of an attack that has them. */
export const leadAsked = ({ attack, confidence }: AttackInputs): number => (attack === "lbfgs" ? 0 : confidence);
const labelsThatCount = ({ attack, topK }: AttackInputs): number => (attack === "lbfgs" ? 1 : topK);

/** What leads whom by the attack's margin. */
export function leadName(inputs: AttackInputs): string {
  const k = labelsThatCount(inputs);
  if (targetOf(inputs) === "closest") return `Lead${k > 1 ? ` of ${k} labels` : ""} over the old label, in logits`;
  return `Lead over ${k > 1 ? `all but ${k - 1}` : "all"} other labels, in logits`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
