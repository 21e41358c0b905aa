// The work under the tables: networks trained, attacked, and shown each other's images. Each part is taken from a store or
// computed and put there.
import { decodeNpy, encodeNpy, type LabelledImages, mnistHalves, ndArray, type Rate, rateOf } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import type { Recipe } from "@reprise/nn";
import { type OnnxClassifier, onnxClassifier } from "@reprise/nn";
import { perturb } from "../perturb.ts";
import { amplify, gaussianControl, inducedError, meanDistortion } from "../transfer.ts";
import { type Cell, type Provenance, readCell, type Store, writeCell } from "./cells.ts";
import { inLanes } from "./lanes.ts";
import {
  halvesNetworks,
  modelNetworks,
  type PartName,
  type PlannedNetwork,
  type ShownSet,
  type Split,
  titleOf,
  trainingSeed,
} from "./plan.ts";
import { type Arm, armSettings, arms, seedsPerArm, trainArm } from "./regularisation.ts";
import { recipeOf, trainPlanned } from "./train.ts";

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
  /** More runtimes: §4.2's trainings run on all at once. What comes out is the same. */
  readonly moreRuntimes?: readonly Runtime[];
  readonly signal?: AbortSignal;
}
/** What the attack made for a network: distortions of the images that reached their target. */
export interface Attacked {
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

const armFile = ({ id }: Arm, seed: number): string => `regularisation/${id}-seed${seed}.json`;

/** One run: knows what is done and how much is left. */
export class Run {
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

  /** Test errors of the arms of §4.2's comparison, by the arm's id, one for each seed. */
  async arms(): Promise<ReadonlyMap<string, readonly Cell<Rate>[]>> {
    const { train, test } = this.#parts;
    const { recipe, moreRuntimes = [] } = this.#options;
    const underWay = new Map<string, number>(); // estimated seconds done of what is being trained
    const task = (arm: Arm, seed: number) => (runtime: Runtime, signal: AbortSignal) =>
      this.#cell(armFile(arm, seed), this.#armKey(arm, seed), async () => {
        const [name, cost] = [armFile(arm, seed), this.#armCost(arm)];
        const onProgress = (done: number) => {
          underWay.set(name, cost * done);
          this.#tell(
            `training, ${arm.name}, seed ${seed}`,
            underWay.values().reduce((sum, seconds) => sum + seconds),
          );
        };
        const rate = await trainArm(runtime, arm, { train, test, seed, recipe, signal, onProgress });
        underWay.delete(name);
        this.#done += cost;
        return rate;
      });
    const seeds = this.#armSeeds;
    const order = arms.toReversed(); // the arm that the claim is about first
    const tasks = order.flatMap((arm) => seeds.map((seed) => task(arm, seed)));
    const cells = await inLanes([this.#runtime, ...moreRuntimes], tasks, this.#options.signal);
    return new Map(order.map(({ id }, i) => [id, cells.slice(seeds.length * i, seeds.length * (i + 1))]));
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
    // The first seconds start the runtime: they tell nothing of the pace.
    const secondsLeft = done > 0 && elapsed > 5 ? (elapsed / done) * Math.max(0, this.#toDo - done) : Number.NaN;
    this.#options.onEvent?.({ what, done: this.#toDo > 0 ? Math.min(1, done / this.#toDo) : 1, secondsLeft });
  }

  get #stop(): { readonly signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {};
  }
}
