// Tables 1 to 4 from the data: trains what is missing, attacks, shows the results to the other networks, and says every
// value beside the paper's. What is computed is kept in a store; a run that finds it there goes on.
import { meanInterval, type Rate } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import type { Cell, Provenance } from "./reproduce/cells.ts";
import {
  claimedAt,
  halvesNetworks,
  halvesRows,
  modelNetworks,
  modelRows,
  type PartName,
  type Split,
  tableNames,
  titleOf,
} from "./reproduce/plan.ts";
import { arms } from "./reproduce/regularisation.ts";
import { type Attacked, type ReproduceOptions, Run } from "./reproduce/run.ts";

export { type PoolOptions, type TrainAdversariallyOptions, trainAdversarially } from "./adversarial-training/train.ts";
export type { Provenance, Store } from "./reproduce/cells.ts";
export { type PartName, partNames, type Split, type TableName, tableNames } from "./reproduce/plan.ts";
export type { ReproduceEvent, ReproduceOptions } from "./reproduce/run.ts";

/** One value of a table: the paper's and ours, with what ours comes from. */
export interface ReproducedValue {
  /** Lasting, e.g. "table2/fc10-1/fc100-100-10"; with "/test" at its end where test images stand in for training images. */
  readonly id: string;
  readonly table: PartName;
  readonly row: string;
  readonly column: string;
  /** "error": share in [0, 1]; "distortion": RMS per pixel. */
  readonly unit: "error" | "distortion";
  /** As the paper prints it, in `unit`; null where it has no such value. */
  readonly claimed: number | null;
  readonly value: number;
  /** 95 % interval: Wilson's of a share, Student's t of a mean. */
  readonly low: number;
  readonly high: number;
  /** Images that the value is of. */
  readonly images: number;
  readonly split: Split;
  readonly seconds: number;
  readonly provenance: Provenance;
}

/**
 * Tables 1 to 4 of Szegedy et al. 2013, §4.2. Attacks are on the first `images` training images, as in the paper, and
 * (with "/test" in the id) on as many test images; Tables 3 and 4 are of test images.
 *
 * @returns every value of the chosen tables, in their order
 * @throws RangeError when there are fewer images than asked for; the signal's reason when aborted: what is in the store
 *         by then is used by the next run
 */
export async function reproduce(runtime: Runtime, options: ReproduceOptions): Promise<readonly ReproducedValue[]> {
  const { only = tableNames, images = 1000, train, test } = options;
  const fewest = Math.min(train.labels.data.length, test.labels.data.length);
  if (!(Number.isInteger(images) && images >= 2 && images <= fewest))
    throw new RangeError(`reproduce: images is ${images}; expected 2 to ${fewest}, which both parts of the data have`);
  const run = new Run(runtime, { ...options, images });
  try {
    await run.plan(only);
    const values: ReproducedValue[] = [];
    if (only.includes("table1")) values.push(...(await tableOne(run)));
    if (only.includes("table2")) values.push(...(await transferValues(run, "table2", "train")));
    if (only.includes("table2")) values.push(...(await transferValues(run, "table2", "test")));
    if (only.includes("table3")) values.push(...(await tableThree(run)));
    if (only.includes("table4")) values.push(...(await transferValues(run, "table4", "test")));
    if (only.includes("regularisation")) values.push(...(await regularisation(run)));
    return values;
  } finally {
    await run.release();
  }
}

async function tableOne(run: Run): Promise<ReproducedValue[]> {
  const values: ReproducedValue[] = [];
  for (const [row, network] of modelNetworks.entries()) {
    const place = { table: "table1", row: network.name } as const;
    const id = `table1/${network.id}`;
    const errors = await run.errors(network);
    const of = (column: number) => claimedAt("table1", row, column);
    const { train, test } = errors.value;
    values.push(
      share(`${id}/training-error`, { ...place, column: "training error", split: "train" }, of(0), train!, errors),
      share(`${id}/test-error`, { ...place, column: "test error", split: "test" }, of(1), test!, errors),
    );
    for (const split of ["train", "test"] as const) {
      const column = split === "train" ? "av. min. distortion" : "av. min. distortion, test images";
      const name = split === "train" ? `${id}/distortion` : `${id}/distortion/test`;
      const claim = split === "train" ? of(2) : null;
      values.push(mean(name, { ...place, column, split }, claim, await run.attack(network, split)));
    }
  }
  return values;
}

async function tableThree(run: Run): Promise<ReproducedValue[]> {
  const values: ReproducedValue[] = [];
  for (const [row, network] of halvesNetworks.entries()) {
    const place = { table: "table3", row: `${network.name} on ${network.part.toUpperCase()}` } as const;
    const errors = await run.errors(network);
    for (const [column, part] of (["p1", "p2", "test"] as const).entries()) {
      const split = part === "test" ? "test" : "train";
      const title = part === "test" ? "test error" : `error on ${part.toUpperCase()}`;
      const claim = claimedAt("table3", row, column);
      const rate = errors.value[part]!;
      values.push(share(`table3/${network.id}/${part}-error`, { ...place, column: title, split }, claim, rate, errors));
    }
    const attacked = await run.attack(network, "test");
    const at = { ...place, column: "av. min. distortion", split: "test" } as const;
    values.push(mean(`table3/${network.id}/distortion`, at, claimedAt("table3", row, 3), attacked));
  }
  return values;
}

/** Tables 2 and 4. Our rows beyond the paper's have no claimed values; nor has Table 2 on test images. */
async function transferValues(run: Run, table: "table2" | "table4", split: Split): Promise<ReproducedValue[]> {
  const values: ReproducedValue[] = [];
  const [rows, networks] = table === "table2" ? [modelRows, modelNetworks] : [halvesRows, halvesNetworks];
  const asInPaper = table === "table4" || split === "train";
  for (const [row, set] of rows.entries()) {
    const shown = await run.show(set, networks, split);
    const printed = (column: number) => (asInPaper ? claimedAt(table, row, column) : null);
    const title = `${titleOf(set)}${asInPaper ? "" : " (test images)"}`;
    for (const [column, network] of networks.entries()) {
      const id = `${table}/${set.id}/${network.id}${asInPaper ? "" : "/test"}`;
      const place = { table, row: title, column: network.name, split };
      values.push(share(id, place, printed(column), shown.value.errors[network.id]!, shown));
    }
  }
  return values;
}

/** §4.2: mean test error of each arm over its seeds, with Student's interval; images are those of all its tests. */
async function regularisation(run: Run): Promise<ReproducedValue[]> {
  const values: ReproducedValue[] = [];
  const cellsOf = await run.arms();
  for (const arm of arms) {
    const cells = cellsOf.get(arm.id)!;
    const { mean: value, low, high } = meanInterval(cells.map((cell) => cell.value.rate));
    values.push({
      id: `regularisation/${arm.id}/test-error`,
      table: "regularisation",
      row: arm.name,
      column: `test error, mean of ${cells.length} seeds`,
      split: "test",
      unit: "error",
      claimed: arm.claimed === null ? null : arm.claimed / 100,
      value,
      low: Math.max(0, low),
      high,
      images: cells.reduce((sum, cell) => sum + cell.value.of, 0),
      seconds: cells.reduce((sum, cell) => sum + cell.seconds, 0),
      provenance: cells.at(-1)!.provenance,
    });
  }
  return values;
}

type Place = Pick<ReproducedValue, "table" | "row" | "column" | "split">;

function share(id: string, place: Place, percent: number | null, rate: Rate, cell: Cell<unknown>): ReproducedValue {
  const { rate: value, low, high, of } = rate;
  const { seconds, provenance } = cell;
  const claimed = percent === null ? null : percent / 100;
  return { id, ...place, unit: "error", claimed, value, low, high, images: of, seconds, provenance };
}

function mean(id: string, place: Place, claimed: number | null, cell: Cell<Attacked>): ReproducedValue {
  const { seconds, provenance } = cell;
  const { distortions, failed, alreadyTarget } = cell.value;
  if (distortions.length === 0)
    throw new Error(
      `reproduce: no image of ${place.row} reached its target (${failed} failed, ${alreadyTarget} had it). Has the network learned? Look at its test error; else ask for more images.`,
    );
  const { mean: value, low, high, count } = meanInterval(distortions);
  return { id, ...place, unit: "distortion", claimed, value, low, high, images: count, seconds, provenance };
}
