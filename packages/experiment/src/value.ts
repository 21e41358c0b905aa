// A number of a paper's table: it reads steps, and knows its place, its unit and what the paper claims.
import { meanInterval, shareInterval } from "@reprise/data";
import type { Needs, Results } from "./step.ts";

/** How numbers of one kind are written. */
export interface Unit {
  /** A number of ours and the ends of its interval, without the sign. */
  readonly text: (number: number) => string;
  /** Behind a number, e.g. "%". */
  readonly sign: string;
  /** A number as the paper prints it. */
  readonly claimed: (number: number) => string;
  /** What it is of, e.g. "1000 images". */
  readonly of: (examples: number) => string;
}

/** A number with its 95 % interval. */
export interface Measured {
  readonly number: number;
  readonly low: number;
  readonly high: number;
  /** Images, lines or runs that it is of. */
  readonly examples: number;
}

/** Settings that give the value again, by the option's name, in the order in which a command names them. */
export type Settings = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;

export interface Value<N extends Needs = Needs> {
  /** Lasting, e.g. "table2/fc10-1/fc100-100-10": the row of results.json that it fills in names it. */
  readonly id: string;
  /** The part of the paper that it belongs to, as `Paper.experiments` names it. */
  readonly table: string;
  readonly row: string;
  readonly column: string;
  readonly unit: Unit;
  /** As the paper prints it, as a number in the unit of `read`; null where it has none. */
  readonly claimed: number | null;
  /** What tables say where nothing is claimed, instead of "not in the paper". */
  readonly unclaimed?: string;
  /** How far from the claim a number of ours counts as reproduced; none is said where it is absent. */
  readonly tolerance?: number;
  readonly seed: number;
  readonly dataSha256: string;
  readonly settings: Settings;
  /** The last of these is the step whose machine and date the record tells; the seconds are of all. */
  readonly from: N;
  readonly read: (results: Results<N>) => Measured;
}

/** Declares a value; its `read` sees the results of its own steps. */
export function value<N extends Needs>(declared: Value<N>): Value {
  return declared as unknown as Value; // `recordsOf` gives each value the results of its own `from`
}

/** A share with Wilson's interval. */
export function measuredShare(successes: number, examples: number): Measured {
  const { share: number, low, high } = shareInterval(successes, examples);
  return { number, low, high, examples };
}

/** A mean with Student's interval; its examples are the numbers unless given. */
export function measuredMean(numbers: ArrayLike<number>, examples = numbers.length): Measured {
  const { mean: number, low, high } = meanInterval(numbers);
  return { number, low, high, examples };
}
