// Tables 1 to 4 from the data: trains what is missing, attacks, shows the results to the other networks, and says every
// value beside the paper's. What is computed is kept in a store; a run that finds it there goes on.
import { decodeNpy, encodeNpy, type LabelledImages, meanInterval, mnistHalves, ndArray } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import type { Recipe } from "@reprise/nn";
import { type OnnxClassifier, onnxClassifier } from "./onnx-classifier.ts";
import { perturb } from "./perturb.ts";
import { type Cell, type Provenance, readCell, type Store, writeCell } from "./reproduce/cells.ts";
import {
  claimedAt,
  halvesNetworks,
  halvesRows,
  modelNetworks,
  modelRows,
  type PartName,
  type PlannedNetwork,
  type ShownSet,
  type Split,
  tableNames,
  titleOf,
  trainingSeed,
} from "./reproduce/plan.ts";
import { type Arm, armSettings, arms, seedsPerArm, trainArm } from "./reproduce/regularisation.ts";
import { recipeOf, trainPlanned } from "./reproduce/train.ts";
import { amplify, gaussianControl, inducedError, meanDistortion, type Rate, rateOf } from "./transfer.ts";

export { type PoolOptions, type TrainAdversariallyOptions, trainAdversarially } from "./adversarial-training/train.ts";
export type { Provenance, Store } from "./reproduce/cells.ts";
export { type PartName, partNames, type Split, type TableName, tableNames } from "./reproduce/plan.ts";

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

export interface ReproduceEvent {
  /** What is being done, e.g. "training FC10(1)". */
  readonly what: string;
  /** Share of all the work that is done, in [0, 1]. */
  readonly done: number;
  /** By the pace so far; NaN at the start. */
  readonly secondsLeft: number;
}

export interface ReproduceOptions {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Of all the data; a part computed on other data is computed anew. */
  readonly dataSha256: string;
  readonly store: Store;
  readonly provenance: () => Provenance;
  /** Attacked images per network and split: the first of each. */
  readonly images?: number;
  readonly seed?: number;
  /** Tables 1 to 4 when absent. */
  readonly only?: readonly PartName[];
  /** Replaces settings of every network's recipe, for a quick look. */
  readonly recipe?: Partial<Recipe>;
  readonly onEvent?: (event: ReproduceEvent) => void;
  readonly signal?: AbortSignal;
}

/** What the attack made for a network: distortions of the images that reached their target. */
interface Attacked {
  readonly distortions: readonly number[];
  /** Counts by status. */
  readonly failed: number;
  readonly alreadyTarget: number;
}
type Errors = Readonly<Partial<Record<"train" | "p1" | "p2" | "test", Rate>>>;
interface Shown {
  /** Mean over the images. */
  readonly distortion: number;
  /** By the network's id. */
  readonly errors: Readonly<Record<string, Rate>>;
}

const settings = { target: "random", norm: "squared", sharpness: 1 } as const; // the paper's loss; |r|²: see README

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
  for (const arm of arms) {
    const cells = await run.arm(arm);
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

const armFile = ({ id }: Arm, seed: number): string => `regularisation/${id}-seed${seed}.json`;

/** The work: each part is taken from the store or computed and put there. */
class Run {
  readonly #runtime: Runtime;
  readonly #options: ReproduceOptions & { readonly images: number };
  readonly #parts: Readonly<Record<"train" | "p1" | "p2" | "test", LabelledImages>>;
  readonly #classifiers = new Map<string, Promise<OnnxClassifier>>();
  /** Estimated seconds of everything to do, of what is done, and when it began. */
  #toDo = 0;
  #done = 0;
  readonly #started = performance.now();

  constructor(runtime: Runtime, options: ReproduceOptions & { readonly images: number }) {
    this.#runtime = runtime;
    this.#options = options;
    const { p1, p2 } = mnistHalves(options.train);
    this.#parts = { train: options.train, p1, p2, test: options.test };
  }

  /** Adds up what is left to do for these tables. */
  async plan(only: readonly PartName[]): Promise<void> {
    const models = only.includes("table1") || only.includes("table2");
    const halves = only.includes("table3") || only.includes("table4");
    for (const network of [...(models ? modelNetworks : []), ...(halves ? halvesNetworks : [])]) {
      if (!(await this.#read(`networks/${network.id}.json`, this.#networkKey(network))))
        this.#toDo += this.#trainingCost(network);
      for (const split of network.part === "train" ? (["train", "test"] as const) : (["test"] as const))
        if (!(await this.#read(`attacks/${network.id}-${split}.json`, this.#attackKey(network, split))))
          this.#toDo += this.#attackCost(network);
    }
    if (!only.includes("regularisation")) return;
    for (const arm of arms)
      for (const seed of this.#armSeeds)
        if (!(await this.#read(armFile(arm, seed), this.#armKey(arm, seed)))) this.#toDo += this.#armCost(arm);
  }

  /** Test errors of an arm of §4.2's comparison, one for each seed. */
  async arm(arm: Arm): Promise<readonly Cell<Rate>[]> {
    const { train, test } = this.#parts;
    const { recipe, signal } = this.#options;
    const cells: Cell<Rate>[] = [];
    for (const seed of this.#armSeeds)
      cells.push(
        await this.#cell(armFile(arm, seed), this.#armKey(arm, seed), async () => {
          const onProgress = (done: number) =>
            this.#tell(`training, ${arm.name}, seed ${seed}`, this.#armCost(arm) * done);
          const rate = await trainArm(this.#runtime, arm, { train, test, seed, recipe, signal, onProgress });
          this.#done += this.#armCost(arm);
          return rate;
        }),
      );
    return cells;
  }

  get #armSeeds(): readonly number[] {
    const { seed = 0 } = this.#options;
    return Array.from({ length: seedsPerArm }, (_, i) => seed + i);
  }

  #armKey(arm: Arm, seed: number): string {
    const { recipe, dataSha256 } = this.#options;
    return JSON.stringify({ seed, data: dataSha256, ...armSettings(arm, recipe) });
  }

  #armCost({ cost }: Arm): number {
    return cost * (this.#options.train.labels.data.length / 60_000);
  }

  /** Errors on the whole of the parts of the data that the tables ask for; the seconds are those of training too. */
  async errors(network: PlannedNetwork): Promise<Cell<Errors>> {
    const trained = await this.#trained(network);
    const cell = await this.#cell(`errors/${network.id}.json`, this.#networkKey(network), async () => {
      this.#tell(`counting the errors of ${network.name}`, 0);
      const classifier = await this.#classifier(network);
      const errors: Partial<Record<"train" | "p1" | "p2" | "test", Rate>> = {};
      for (const part of ["p1", "p2", "test"] as const) {
        const { images, labels } = this.#parts[part];
        errors[part] = await inducedError(classifier, images.data, labels.data, this.#stop);
      }
      const { p1, p2 } = errors as Required<typeof errors>;
      return { ...errors, train: rateOf(p1.count + p2.count, p1.of + p2.of) };
    });
    return { ...cell, seconds: trained.seconds + cell.seconds };
  }

  async attack(network: PlannedNetwork, split: Split): Promise<Cell<Attacked>> {
    const { images: count, seed = 0, store } = this.#options;
    const name = `attacks/${network.id}-${split}`;
    const cost = this.#attackCost(network);
    const made = await this.#cell(`${name}.json`, this.#attackKey(network, split), async () => {
      const what = `attacking ${network.name} on ${count} ${split === "train" ? "training" : "test"} images`;
      this.#tell(what, 0);
      const classifier = await this.#classifier(network);
      const { images, labels } = this.#first(split);
      const results = await perturb(classifier, images, labels, {
        target: settings.target,
        norm: settings.norm,
        seed,
        callsInFlight: 2,
        onEvent: (event) => {
          if (event.kind === "row") this.#tell(what, (cost * event.done) / event.rows);
        },
        ...this.#stop,
      });
      const adversarial = new Float32Array(images.length);
      for (const { row, image } of results) adversarial.set(image, row * image.length);
      // The images first: the cell says that they are there.
      await store.write(`${name}.npy`, encodeNpy(ndArray("float32", [count, images.length / count], adversarial)));
      this.#done += cost;
      const counted = (status: string) => results.filter((result) => result.status === status).length;
      return {
        distortions: results.filter(({ status }) => status === "success").map(({ distortion }) => distortion),
        failed: counted("failed") + counted("nonFinite"),
        alreadyTarget: counted("alreadyTarget"),
      };
    });
    return made;
  }

  /** One row of Tables 2 and 4. */
  async show(set: ShownSet, networks: readonly PlannedNetwork[], split: Split): Promise<Cell<Shown>> {
    const { images: count, seed = 0 } = this.#options;
    for (const network of networks) await this.#trained(network);
    if (set.kind !== "noise") await this.attack(set.network, split);
    const key = JSON.stringify({
      set: { ...set, ...(set.kind === "noise" ? {} : { network: this.#attackKey(set.network, split) }) },
      networks: networks.map((network) => this.#networkKey(network)),
      split,
      count,
      seed,
    });
    const group = networks === modelNetworks ? "models" : "halves";
    return this.#cell(`shown/${group}-${set.id}-${split}.json`, key, async () => {
      this.#tell(`showing the images ${titleOf(set)}`, 0);
      const { images: clean, labels } = this.#first(split);
      const images = await this.#imagesOf(set, split, clean);
      const errors: Record<string, Rate> = {};
      for (const network of networks)
        errors[network.id] = await inducedError(await this.#classifier(network), images, labels, this.#stop);
      return { distortion: meanDistortion(clean, images, count), errors };
    });
  }

  async release(): Promise<void> {
    const all = [...this.#classifiers.values()];
    this.#classifiers.clear();
    await Promise.all(all.map(async (classifier) => (await classifier).release()));
  }

  async #imagesOf(set: ShownSet, split: Split, clean: Float32Array): Promise<Float32Array> {
    const { images: count, seed = 0, store } = this.#options;
    if (set.kind === "noise") return gaussianControl(clean, count, set.sigma, { seed, clip: set.clip });
    const name = `attacks/${set.network.id}-${split}.npy`;
    const bytes = await store.read(name);
    if (!bytes) throw new Error(`reproduce: ${name} is missing though its .json is there; remove that and run again`);
    const adversarial = decodeNpy(bytes, name).data as Float32Array;
    return set.kind === "amplified" ? amplify(clean, adversarial, count, set.sigma) : adversarial;
  }

  /** The network's file is in the store; the cell says what it took. */
  #trained(network: PlannedNetwork): Promise<Cell<null>> {
    const { seed = 0, recipe, store, signal } = this.#options;
    const cost = this.#trainingCost(network);
    return this.#cell(`networks/${network.id}.json`, this.#networkKey(network), async () => {
      const what = `training ${network.name}${network.part === "train" ? "" : ` on ${network.part.toUpperCase()}`}`;
      const examples = this.#parts[network.part];
      const onProgress = (done: number) => this.#tell(what, cost * done);
      const bytes = await trainPlanned(this.#runtime, network, {
        examples,
        seed: trainingSeed(network, seed),
        recipe,
        signal,
        onProgress,
      });
      await store.write(`networks/${network.id}.onnx`, bytes); // before its cell, which says that it is there
      this.#done += cost;
      return null;
    });
  }

  #classifier(network: PlannedNetwork): Promise<OnnxClassifier> {
    const known = this.#classifiers.get(network.id);
    if (known) return known;
    const name = `networks/${network.id}.onnx`;
    const loading = this.#trained(network).then(async () => {
      const bytes = await this.#options.store.read(name);
      if (!bytes) throw new Error(`reproduce: ${name} is missing though its .json is there; remove that and run again`);
      return onnxClassifier(this.#runtime, bytes, { name, sharpness: settings.sharpness });
    });
    this.#classifiers.set(network.id, loading);
    return loading;
  }

  #first(split: Split): { images: Float32Array; labels: Int32Array } {
    const { images, labels } = this.#parts[split];
    const count = this.#options.images;
    const size = images.data.length / labels.data.length;
    return { images: images.data.slice(0, count * size), labels: labels.data.slice(0, count) };
  }

  #networkKey(network: PlannedNetwork): string {
    const { seed = 0, recipe, dataSha256 } = this.#options;
    const { id, part } = network;
    const trained = trainingSeed(network, seed);
    return JSON.stringify({ id, part, seed: trained, data: dataSha256, ...recipeOf(network, recipe) });
  }

  #attackKey(network: PlannedNetwork, split: Split): string {
    const { images, seed = 0 } = this.#options;
    return JSON.stringify({ network: this.#networkKey(network), split, images, seed, ...settings });
  }

  #trainingCost({ cost, part }: PlannedNetwork): number {
    return cost.training * (part === "train" ? 1 : 0.5) * (this.#options.train.labels.data.length / 60_000);
  }

  #attackCost({ cost }: PlannedNetwork): number {
    return cost.attack * (this.#options.images / 1000);
  }

  #read<T>(name: string, key: string): Promise<Cell<T> | undefined> {
    return readCell<T>(this.#options.store, name, key);
  }

  async #cell<T>(name: string, key: string, compute: () => Promise<T>): Promise<Cell<T>> {
    const had = await this.#read<T>(name, key);
    if (had) return had;
    this.#options.signal?.throwIfAborted();
    const started = performance.now();
    const value = await compute();
    const seconds = (performance.now() - started) / 1000;
    const cell = { key, value, seconds, provenance: this.#options.provenance() };
    await writeCell(this.#options.store, name, cell);
    return cell;
  }

  #tell(what: string, within: number): void {
    const done = this.#done + within;
    const elapsed = (performance.now() - this.#started) / 1000;
    const secondsLeft = done > 0 ? (elapsed / done) * (this.#toDo - done) : Number.NaN;
    this.#options.onEvent?.({ what, done: this.#toDo > 0 ? Math.min(1, done / this.#toDo) : 1, secondsLeft });
  }

  get #stop(): { readonly signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {};
  }
}
