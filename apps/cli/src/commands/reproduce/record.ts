// A reproduced value as it is kept and published: a text for people, and everything needed to get it again.
import type { ReproducedValue } from "@reprise/adversarial/reproduce";

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
  /** Images or lines that were tested. */
  readonly examples: number;
  readonly command: string;
  readonly seed: number;
  readonly dataSha256: string;
  readonly version: string;
  readonly machine: string;
  /** Of this value alone: training and testing, the attack for a distortion, showing for a transfer. */
  readonly seconds: number;
  readonly date: string;
}

export function recordOf(
  value: ReproducedValue,
  { command, seed, dataSha256 }: Pick<ResultRecord, "command" | "seed" | "dataSha256">,
): ResultRecord {
  const { id, table, row, column, unit, claimed, value: number, low, high, images, seconds, provenance } = value;
  const text = (x: number) => (unit === "error" ? (100 * x).toFixed(2) : x.toFixed(4));
  const sign = unit === "error" ? "%" : "";
  return {
    id,
    table,
    row,
    column,
    claimed: claimed === null ? null : unit === "error" ? `${Number((100 * claimed).toPrecision(6))}%` : `${claimed}`,
    value: `${text(number)}${sign}`,
    interval: `${text(low)} to ${text(high)}${sign} (${images} images)`,
    number,
    low,
    high,
    examples: images,
    command,
    seed,
    dataSha256,
    ...provenance,
    seconds: Number(seconds.toPrecision(3)),
  };
}
