// What Tables 1 to 4 consist of: networks, and for every value its place in the paper's table and a lasting name.
import { claimed } from "../config.ts";

const tableNames = ["table1", "table2", "table3", "table4"] as const;
export type TableName = (typeof tableNames)[number];

/** Which images a network learns from: the training set, or its first or second half. */
export type TrainingPart = "train" | "p1" | "p2";
/** Where the attacked images come from: the first of the training set, or of the test set. */
export type Split = "train" | "test";

/** A network of the tables. */
export interface PlannedNetwork {
  /** Lasting, e.g. "fc100-100-10-p1": names its file and its records. */
  readonly id: string;
  /** As the tables print it. */
  readonly name: string;
  /** Its name in @reprise/nn; "ae400-10" is trained in two stages. */
  readonly network: string;
  readonly part: TrainingPart;
  /**
   * Which of the run's random numbers it is trained with. Networks with the same would begin with the same weights, as far
   * as they have the same layers, and see their images in the same order: images made for one would fool the other more.
   */
  readonly stream: number;
  /** Seconds to train and to attack 1,000 images on one idle core, roughly: for the estimate of the time left only. */
  readonly cost: { readonly training: number; readonly attack: number };
}

const [small, deep] = [
  { training: 6, attack: 8 },
  { training: 90, attack: 25 },
];

/** The network of this id. @throws Error when there is none */
export function plannedNetwork(id: string): PlannedNetwork {
  const network = [...modelNetworks, ...halvesNetworks].find((each) => each.id === id);
  if (!network) throw new Error(`there is no network "${id}" in Tables 1 to 4`);
  return network;
}

/** A network's training seed in a run of this seed. */
export const trainingSeed = ({ stream }: PlannedNetwork, seed: number): number => 8 * seed + stream;

/** Tables 1 and 2, in their order. FC10 has one minimum, wherever it starts. */
export const modelNetworks: readonly PlannedNetwork[] = [
  { id: "fc10-1e-4", stream: 0, name: "FC10(1e-4)", network: "fc10-1e-4", part: "train", cost: small! },
  { id: "fc10-1e-2", stream: 0, name: "FC10(1e-2)", network: "fc10-1e-2", part: "train", cost: small! },
  { id: "fc10-1", stream: 0, name: "FC10(1)", network: "fc10-1", part: "train", cost: small! },
  { id: "fc100-100-10", stream: 0, name: "FC100-100-10", network: "fc100-100-10", part: "train", cost: deep! },
  { id: "fc200-200-10", stream: 1, name: "FC200-200-10", network: "fc200-200-10", part: "train", cost: deep! },
  { id: "ae400-10", stream: 2, name: "AE400-10", network: "ae400-10", part: "train", cost: deep! },
];

/** Tables 3 and 4, in their order. */
export const halvesNetworks: readonly PlannedNetwork[] = [
  { id: "fc100-100-10-p1", stream: 3, name: "FC100-100-10", network: "fc100-100-10", part: "p1", cost: deep! },
  { id: "fc123-456-10-p1", stream: 4, name: "FC123-456-10", network: "fc123-456-10", part: "p1", cost: deep! },
  { id: "fc100-100-10-p2", stream: 5, name: "FC100-100-10′", network: "fc100-100-10", part: "p2", cost: deep! },
];

/** How images that are shown come about; a network by its id. */
export type Shown =
  | { readonly kind: "made for"; readonly network: string }
  | { readonly kind: "amplified"; readonly network: string; readonly sigma: number }
  | { readonly kind: "noise"; readonly sigma: number; readonly clip: boolean };

/** Images that are shown to the networks of a table: one row. */
export interface ShownRow {
  /** Lasting: a part of the records' ids. */
  readonly id: string;
  readonly shown: Shown;
}

const madeFor = ({ id }: PlannedNetwork): ShownRow => ({ id, shown: { kind: "made for", network: id } });
const amplified = ({ id }: PlannedNetwork): ShownRow => ({
  id: `${id}-amplified`,
  shown: { kind: "amplified", network: id, sigma: 0.1 },
});
const noise = (sigma: number, clip = false): ShownRow => ({
  id: `gaussian-${sigma}${clip ? "-clipped" : ""}`,
  shown: { kind: "noise", sigma, clip },
});

/** The rows of Table 2 in its order, then what we add. */
export const modelRows: readonly ShownRow[] = [
  ...modelNetworks.map(madeFor),
  noise(0.1),
  noise(0.3),
  noise(0.1, true),
  noise(0.3, true),
];

/** The rows of Table 4 in its order, then what we add. */
export const halvesRows: readonly ShownRow[] = [
  ...halvesNetworks.map(madeFor),
  noise(0.06),
  ...halvesNetworks.map(amplified),
  noise(0.1),
];

/** What the paper prints in a table's row and column, both counted from 0; null where it prints nothing. */
export function claimedAt(table: TableName, row: number, column: number): number | null {
  return claimed[tableNames.indexOf(table)]?.rows[row]?.values[column] ?? null;
}

/** What images are called in rows and progress. */
export function titleOf(shown: Shown): string {
  if (shown.kind === "noise") return `Gaussian noise, σ = ${shown.sigma}${shown.clip ? ", clipped to [0, 1]" : ""}`;
  return `for ${plannedNetwork(shown.network).name}${shown.kind === "amplified" ? `, amplified to ${shown.sigma}` : ""}`;
}
