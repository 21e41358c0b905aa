// The reference program's flags: -name value, --name value, and the switches.

import { UsageError } from "@reprise/experiment/verb";
import { completeSettings, type LossName, type ModelName, type Settings } from "../predicting.node.ts";

export interface Arguments {
  readonly flags: Readonly<Record<string, string | true>>;
  readonly rest: readonly string[];
}

const switches = new Set(["saveOutput", "retrain", "qnorm", "qout", "compat", "deterministic", "json"]);
const wholeNumbers = new Set(
  "lrUpdateRate dim ws epoch minCount minCountLabel neg wordNgrams bucket minn maxn seed".split(" "),
);
const losses: Readonly<Record<string, LossName>> = {
  hs: "hs",
  ns: "ns",
  softmax: "softmax",
  "one-vs-all": "ova",
  ova: "ova",
};

/** Splits flags from other arguments. A lone "-" and negative numbers are not flags. */
export function parseArguments(args: readonly string[], known: readonly string[]): Arguments {
  const flags: Record<string, string | true> = {};
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = /^--?([a-zA-Z][\w-]*)$/.exec(args[i]!)?.[1];
    if (name === undefined) rest.push(args[i]!);
    else if (!known.includes(name))
      throw new UsageError(`unknown flag -${name}; expected one of -${known.join(" -")}.`);
    else if (switches.has(name)) flags[name] = true;
    else {
      const value = args[++i];
      if (value === undefined) throw new UsageError(`-${name} is missing its value.`);
      flags[name] = value;
    }
  }
  return { flags, rest };
}

/** Flags of training that are settings. */
export const settingFlags: readonly string[] = [
  ...wholeNumbers,
  "lr",
  "t",
  "loss",
  "label",
  "thread",
  "threads",
  "compat",
  "deterministic",
];

export const autotuneFlags = ["validation", "metric", "predictions", "duration", "modelsize"].map(
  (name) => `autotune-${name}`,
);

/** Settings that the flags give, the others at their defaults. */
export function settingsOf(model: ModelName, flags: Arguments["flags"]): Settings {
  try {
    return completeSettings({ model, ...givenSettings(flags) });
  } catch (error) {
    // The message starts with the setting's name.
    if (error instanceof RangeError)
      throw new UsageError(`-${error.message.replace(/^threads/, "thread")}`, { cause: error });
    throw error;
  }
}

/** Only the settings that the flags give. */
export function givenSettings(flags: Arguments["flags"]): Partial<Settings> {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flags)) {
    if (wholeNumbers.has(name) || name === "lr" || name === "t") settings[name] = numberOf(`-${name}`, value);
    else if (name === "thread" || name === "threads") settings.threads = numberOf(`-${name}`, value);
    else if (name === "label" || name === "compat" || name === "deterministic") settings[name] = value;
    else if (name === "loss") {
      settings.loss = losses[String(value)];
      if (!settings.loss) throw new UsageError(`-loss is "${value}"; expected softmax, hs, ns or one-vs-all (ova).`);
    }
  }
  return settings;
}

export function numberOf(name: string, text: string | true | undefined): number {
  const value = Number(text);
  if (typeof text !== "string" || text.trim() === "" || Number.isNaN(value))
    throw new UsageError(`${name} is "${text}"; expected a number.`);
  return value;
}

export function textOf(flags: Arguments["flags"], name: string): string {
  const value = flags[name];
  if (typeof value !== "string" || value === "") throw new UsageError(`-${name} is missing.`);
  return value;
}

/** "500k", "2M", "1G" in bytes. */
export function bytesOf(name: string, text: string): number {
  const [, digits, unit = ""] = /^(\d+)([kKmMgG]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`${name} is "${text}"; expected a number with k, M or G.`);
  return Number(digits) * { "": 1, k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase() as "" | "k" | "m" | "g"];
}
