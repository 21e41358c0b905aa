// A reproduced value as it is kept and published: a text for people, and everything needed to get it again.
import type { Plan } from "./plan.ts";
import type { RunResults } from "./run.ts";
import type { Needs, Results, StepResult } from "./step.ts";
import type { Settings } from "./value.ts";

export interface ResultRecord {
  readonly id: string;
  readonly table: string;
  readonly row: string;
  readonly column: string;
  /** The paper's value, or null where it prints none. */
  readonly claimed: string | null;
  readonly value: string;
  readonly interval: string;
  /** The value and the ends of its interval as numbers. */
  readonly number: number;
  readonly low: number;
  readonly high: number;
  /** Images, lines or runs that the value is of. */
  readonly examples: number;
  /** How far from the claim counts as reproduced, where the method says so. */
  readonly tolerance?: number;
  readonly command: string;
  readonly seed: number;
  readonly dataSha256: string;
  readonly version: string;
  readonly machine: string;
  /** Of the steps that the value reads; what these need is not counted again. */
  readonly seconds: number;
  readonly date: string;
}

/**
 * One record for each value of a plan that was run.
 *
 * @param commandOf  the command that gives a value of these settings again
 * @throws what a value's `read` throws, with the value's id
 */
export function recordsOf(
  { values, planned }: Plan,
  results: RunResults,
  commandOf: (settings: Settings) => string,
): ResultRecord[] {
  return values.map((value) => {
    const { id, table, row, column, unit, claimed, tolerance, seed, dataSha256, settings, from, read } = value;
    const all: StepResult[] = [];
    const found: Record<string, StepResult | readonly StepResult[]> = {};
    for (const [name, steps] of Object.entries(from)) {
      if (steps === undefined) continue;
      const each = [steps].flat().map((step) => results.get(planned(step).key)!); // a run has every step of its values
      all.push(...each);
      found[name] = "kind" in steps ? each[0]! : each;
    }
    const { number, low, high, examples } = reading(id, () => read(found as Results<Needs>));
    const { text, sign } = unit;
    return {
      ...{ id, table, row, column },
      claimed: claimed === null ? null : unit.claimed(claimed),
      value: `${text(number)}${sign}`,
      interval: `${text(low)} to ${text(high)}${sign} (${unit.of(examples)})`,
      ...{ number, low, high, examples },
      ...(tolerance === undefined ? {} : { tolerance }),
      command: commandOf(settings),
      ...{ seed, dataSha256 },
      ...all.at(-1)!.provenance,
      seconds: Number(all.reduce((sum, { seconds }) => sum + seconds, 0).toPrecision(3)),
    };
  });
}

function reading<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`${id}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
