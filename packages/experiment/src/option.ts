// Options as plain data: the command line makes flags, help and checks of them, a page its fields and addresses. Plain
// data rather than a schema library's objects, because pages show options before anything of a method is loaded.

interface Described {
  /** What it sets, for help and labels, without a full stop at the end. */
  readonly help: string;
}

/** A whole number. */
export interface Integer extends Described {
  readonly kind: "integer";
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** A number. */
export interface Numeric extends Described {
  readonly kind: "number";
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
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
export interface List extends Described {
  readonly kind: "list";
  readonly of: "number" | "integer" | "text";
  readonly placeholder: string;
  readonly choices?: readonly string[];
  readonly default?: readonly (string | number)[];
}

/** On or off. */
export interface Flag extends Described {
  readonly kind: "flag";
}

export type Option = Integer | Numeric | Choice | Text | List | Flag;

/** Options by name in camelCase; the command line writes `--kebab-case`. */
export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends Integer | Numeric
  ? number
  : O extends { readonly kind: "choice"; readonly choices: readonly (infer C)[] }
    ? C
    : O extends Text
      ? string
      : O extends { readonly kind: "list"; readonly of: infer Of }
        ? readonly (Of extends "text" ? string : number)[]
        : boolean;

/** What is given for options: those with a default always have a value. */
export type OptionValues<O extends Options> = {
  readonly [Name in keyof O as O[Name] extends { readonly default: unknown } ? Name : never]: ValueOf<O[Name]>;
} & {
  readonly [Name in keyof O as O[Name] extends { readonly default: unknown } ? never : Name]?: ValueOf<O[Name]>;
};
