// Options that a paper's experiments declare, as flags: commander takes them as text, and the paper that was asked for says
// what they may be.
import type { ExperimentEntry, Option, Paper } from "@reprise/experiment";
import { Option as Flag } from "commander";

/** Flags of every paper, by the name of the option; papers share those of one name. */
export function flagsOf(papers: readonly Paper[]): Flag[] {
  const flags = new Map<string, Flag>();
  for (const { experiments } of papers)
    for (const { options } of Object.values(experiments))
      for (const [name, option] of Object.entries(options))
        flags.set(name, new Flag(usageOf(name, option), option.help).hideHelp());
  return [...flags.values()];
}

/** What a paper's parts can be told, for help. */
export function helpOf({ key, experiments }: Paper): string {
  const parts = Object.entries(experiments).map(
    ([name, { summary, onRequest }]) => [name, `${summary}${onRequest ? " (only when named)" : ""}`] as const,
  );
  const options = Object.entries(optionsOf(Object.values(experiments))).map(
    ([name, option]) => [usageOf(name, option), option.help] as const,
  );
  const columns = (rows: readonly (readonly [string, string])[]) => {
    const width = Math.max(...rows.map(([first]) => first.length));
    return rows.map(([first, second]) => `    ${first.padEnd(width)}  ${second}`);
  };
  return [`  ${key}`, ...columns(parts), ...columns(options)].join("\n");
}

/** The options of some parts together. */
export function optionsOf(parts: readonly ExperimentEntry[]): Readonly<Record<string, Option>> {
  return Object.assign({}, ...parts.map(({ options }) => options)) as Readonly<Record<string, Option>>;
}

/** `--kebab-case`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The flag with what follows it, e.g. "--images <n>". */
export function usageOf(name: string, option: Option): string {
  if (option.kind === "flag") return flagOf(name);
  return `${flagOf(name)} <${"placeholder" in option ? option.placeholder : option.kind === "choice" ? "name" : "n"}>`;
}

export type OptionValue = string | number | boolean | readonly (string | number)[];

/** The value of an option from its text. @throws RangeError that says what is expected */
export function readOption(option: Option, text: string | boolean): OptionValue {
  if (option.kind === "flag") return text === true;
  const given = String(text);
  if (option.kind === "text") return given;
  if (option.kind === "choice") return chosen(option.choices, given);
  if (option.kind !== "list") return numberFrom(option, given);
  return given.split(",").map((part) => {
    const item = option.choices ? chosen(option.choices, part.trim()) : part.trim();
    return option.of === "text" ? item : numberFrom({ kind: option.of }, item);
  });
}

function chosen(choices: readonly string[], text: string): string {
  if (!choices.includes(text)) throw new RangeError(`Allowed choices are ${choices.join(", ")}.`);
  return text;
}

interface Range {
  readonly kind: "integer" | "number";
  readonly min?: number;
  readonly max?: number;
}

function numberFrom({ kind, min = -Infinity, max = Infinity }: Range, text: string): number {
  const value = Number(text);
  const fits = kind === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (text.trim() !== "" && fits && value >= min && value <= max) return value;
  const range = max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` from ${min} up` : "";
  throw new RangeError(`Expected a ${kind === "integer" ? "whole number" : "number"}${range}.`);
}
