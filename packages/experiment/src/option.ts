// Options as plain data: the command line makes flags, help and checks of them, a page its fields and addresses. Plain
// data rather than a schema library's objects, because pages show options before anything of a method is loaded.

interface Described {
  /** What it sets, for help and labels, without a full stop at the end. */
  readonly help: string;
  /** Must be given. */
  readonly required?: true;
  /** Left out of the list of options in help: the verb's notes describe it. */
  readonly hidden?: true;
}

interface Ranged {
  readonly min?: number;
  /** A bound that the value must be greater than. */
  readonly above?: number;
  readonly max?: number;
  /** A bound that the value must be less than. */
  readonly below?: number;
  /** What the value is called in help: `--epochs <n>` if left out. */
  readonly placeholder?: string;
}

/** A whole number. */
export interface Integer extends Described, Ranged {
  readonly kind: "integer";
  readonly default?: number;
}

/** A number. */
export interface Numeric extends Described, Ranged {
  readonly kind: "number";
  readonly default?: number;
}

/** One of some words. */
export interface Choice extends Described {
  readonly kind: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

/** Any text, such as a path; `placeholder` names it in help. */
export interface Text extends Described {
  readonly kind: "text";
  readonly placeholder: string;
  readonly default?: string;
}

/** Several values, separated by commas. */
export interface List extends Described, Ranged {
  readonly kind: "list";
  readonly of: "number" | "integer" | "text";
  readonly placeholder: string;
  /** How many there must be. */
  readonly count?: number;
  readonly default?: readonly (string | number)[];
}

/** Several words, each an argument of its own. */
export interface Words extends Described {
  readonly kind: "words";
  readonly placeholder: string;
  readonly default?: readonly string[];
}

/** On or off. */
export interface Flag extends Described {
  readonly kind: "flag";
  /** `--no-NAME` too, which turns off what a file of settings turns on. */
  readonly negatable?: true;
}

export type Option = Integer | Numeric | Choice | Text | List | Words | Flag;

/** Options by name in camelCase; the command line writes `--kebab-case`. */
export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends Integer | Numeric
  ? number
  : O extends { readonly kind: "choice"; readonly choices: readonly (infer C)[] }
    ? C
    : O extends Text
      ? string
      : O extends Words
        ? readonly string[]
        : O extends { readonly kind: "list"; readonly of: infer Of }
          ? Of extends "text"
            ? readonly string[]
            : readonly number[]
          : boolean;

type Present = { readonly default: unknown } | { readonly required: true };

/** What is given for options: those that are required or have a default always have a value. */
export type OptionValues<O extends Options> = {
  readonly [Name in keyof O as O[Name] extends Present ? Name : never]: ValueOf<O[Name]>;
} & {
  readonly [Name in keyof O as O[Name] extends Present ? never : Name]?: ValueOf<O[Name]>;
};

/**
 * The value that a text stands for.
 *
 * @throws RangeError saying what was expected, e.g. "Expected a whole number from 1 up."
 */
export function parseOption(
  option: Exclude<Option, Flag | Words>,
  text: string,
): string | number | (string | number)[] {
  if (option.kind === "text") {
    if (text.trim() === "") throw new RangeError("It is empty.");
    return text;
  }
  if (option.kind === "choice") {
    if (!option.choices.includes(text)) throw new RangeError(`Allowed choices are ${option.choices.join(", ")}.`);
    return text;
  }
  if (option.kind !== "list") return parseNumber(option, option.kind === "integer", text);
  const parts = text.split(",").map((part) => part.trim());
  if (option.count !== undefined && parts.length !== option.count)
    throw new RangeError(`Expected ${option.count} ${option.of === "text" ? "names" : "numbers"} separated by commas.`);
  if (option.of !== "text") return parts.map((part) => parseNumber(option, option.of === "integer", part, "numbers"));
  if (parts.includes("")) throw new RangeError("Expected names separated by commas.");
  return parts;
}

function parseNumber(range: Ranged, whole: boolean, text: string, many?: "numbers"): number {
  const { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity } = range;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (
    Number.isFinite(value) &&
    (!whole || Number.isSafeInteger(value)) &&
    value >= min &&
    value > above &&
    value <= max &&
    value < below
  )
    return value;
  throw new RangeError(`Expected ${rangeText(range, whole, many)}.`);
}

/** "a whole number from 1 up", "numbers above 0 separated by commas". */
function rangeText({ min, above, max, below }: Ranged, whole: boolean, many?: "numbers"): string {
  if (min !== undefined && min === max) return `${min}`;
  const from = min !== undefined ? ` from ${min}` : above !== undefined ? ` above ${above}` : "";
  const to = max !== undefined ? ` to ${max}` : below !== undefined ? `${from ? " to" : ""} below ${below}` : "";
  const up = from !== "" && to === "" && min !== undefined ? " up" : "";
  const what = many ? (whole ? "whole numbers" : "numbers") : whole ? "a whole number" : "a number";
  return `${what}${from}${to}${up}${many ? " separated by commas" : ""}`;
}

/** `--kebab-case` of an option's name. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The flag with what follows it, e.g. "--images <n>". */
export function usageOf(name: string, option: Option): string {
  if (option.kind === "flag") return flagOf(name);
  const placeholder =
    option.kind === "choice" ? "name" : (option.placeholder ?? (option.kind === "integer" ? "n" : "x"));
  return `${flagOf(name)} <${placeholder}${option.kind === "words" ? "..." : ""}>`;
}
