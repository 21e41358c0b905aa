// Options that a paper's experiments declare, for help and for reading what was given.
import { type ExperimentEntry, type Option, type Paper, usageOf } from "@reprise/experiment";

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

export type OptionValue = string | number | boolean | readonly (string | number)[];
