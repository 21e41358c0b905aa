// The inputs of a panel's task: what they are and what is wrong with a value.
import type { FunctionComponent } from "preact";

/** One input. Every kind can be written into the address and read from it. */
export type Input<T> = NumberInput<T> | ChoiceInput<T> | CustomInput<T>;

interface NumberInput<T> {
  readonly kind: "number";
  readonly label: string;
  readonly default: T & number;
  readonly min: number;
  readonly max: number;
  /** Whole numbers unless this says otherwise. */
  readonly step?: number | "any";
  /** What it means, in a line below the field. */
  readonly hint?: string;
}

interface ChoiceInput<T> {
  readonly kind: "choice";
  readonly label: string;
  readonly default: T & string;
  readonly options: readonly {
    readonly value: T & string;
    readonly label: string;
    /** What older addresses call it. */
    readonly was?: string;
  }[];
}

/** An input with its own control, such as a canvas to draw on. Its value is a string, short enough for an address. */
interface CustomInput<T> {
  readonly kind: "custom";
  readonly label: string;
  readonly default: T & string;
  /** What is wrong with a value (from an address, say), or null. */
  readonly check: (value: string) => string | null;
  readonly control: FunctionComponent<ControlProps>;
}

/** What a custom control gets. `labelledBy` is the id of its visible label. */
export interface ControlProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Changes other inputs of the task besides. */
  readonly set: (values: Values) => void;
  readonly labelledBy: string;
  readonly disabled: boolean;
}

/** Values of all inputs by name. */
export type Values = Readonly<Record<string, string | number>>;

export type Inputs = Readonly<Record<string, Input<unknown>>>;

/** Every input's default. */
export function defaults(inputs: Inputs): Values {
  return Object.fromEntries(Object.entries(inputs).map(([name, { default: value }]) => [name, value as string]));
}

/** What is wrong with a value, in a sentence for the reader; null if nothing is. */
export function problemOf(input: Input<unknown>, value: string | number): string | null {
  switch (input.kind) {
    case "number": {
      const { min, max, step = 1 } = input;
      if (typeof value !== "number" || !Number.isFinite(value)) return `A number from ${min} to ${max} is needed.`;
      if (value < min || value > max) return `${value} is outside ${min} to ${max}.`;
      return step === 1 && !Number.isInteger(value) ? `${value} is not a whole number.` : null;
    }
    case "choice":
      return input.options.some((option) => option.value === value) ? null : `There is no choice “${value}”.`;
    case "custom":
      return input.check(String(value));
  }
}
