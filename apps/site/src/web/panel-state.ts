// A panel's inputs in the address: `#run&points=5000&seed=2`. The server never sees them, and a link repeats a run.
import type { Panel, Parameter, Values } from "./panel.ts";

type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** Every input's default. */
export function defaults(parameters: Parameters): Values {
  return Object.fromEntries(Object.entries(parameters).map(([name, { default: value }]) => [name, value as string]));
}

/** What is wrong with a value, in a sentence for the reader; null if nothing is. */
export function problemOf(parameter: Parameter<unknown>, value: string | number): string | null {
  switch (parameter.kind) {
    case "number": {
      const { min, max, step = 1 } = parameter;
      if (typeof value !== "number" || !Number.isFinite(value)) return `A number from ${min} to ${max} is needed.`;
      if (value < min || value > max) return `${value} is outside ${min} to ${max}.`;
      return step === 1 && !Number.isInteger(value) ? `${value} is not a whole number.` : null;
    }
    case "choice":
      return parameter.options.some((option) => option.value === value) ? null : `There is no choice “${value}”.`;
    case "custom":
      return parameter.check(String(value));
  }
}

/** The inputs an address gives; what it leaves out or gets wrong is the default. Null if the address is not a panel's. */
export function readHash(hash: string, parameters: Parameters): Values | null {
  const [anchor, ...pairs] = hash.replace(/^#/, "").split("&");
  if (anchor !== "run") return null;
  const given = new URLSearchParams(pairs.join("&"));
  const values: Record<string, string | number> = { ...defaults(parameters) };
  for (const [name, parameter] of Object.entries(parameters)) {
    const text = given.get(name);
    if (text === null || text === "") continue;
    const value = parameter.kind === "number" ? Number(text) : text;
    if (problemOf(parameter, value) === null) values[name] = value;
  }
  return values;
}

/** The address part for the inputs that apply; all of those, so that a later change of a default changes no link. */
export function writeHash(values: Values, { parameters, applies }: Pick<Panel, "parameters" | "applies">): string {
  const names = Object.keys(parameters).filter((name) => applies?.(name, values) ?? true);
  const pairs = new URLSearchParams(names.map((name) => [name, String(values[name])]));
  return `#run&${pairs}`;
}
