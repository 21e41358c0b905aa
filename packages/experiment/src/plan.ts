// What is there and what is left: the graph under the values, each step by its key, looked up in the store.
import { type Entry, readEntry } from "./entry.ts";
import { type Identity, keyOf, type Step } from "./step.ts";
import type { Store } from "./store.ts";
import type { Value } from "./value.ts";

/** A step of a plan. Steps that are equal are one. */
export interface PlannedStep {
  readonly key: string;
  readonly step: Step;
  readonly identity: Identity;
  /** By the names of `step.needs`. */
  readonly needs: Readonly<Record<string, PlannedStep | readonly PlannedStep[]>>;
  /** Seconds on one idle core, roughly. */
  readonly cost: number;
}

export interface Plan {
  readonly values: readonly Value[];
  readonly store: Store;
  /** Every step under the values by its key, in the order of the values, each after what it needs. */
  readonly steps: ReadonlyMap<string, PlannedStep>;
  /** The planned form of a step of a value. */
  readonly planned: (step: Step) => PlannedStep;
  /** What the store has, by key. */
  readonly there: ReadonlyMap<string, Entry>;
  /** What has to be computed, each after what it needs. A step that only others which are there need is not. */
  readonly left: readonly PlannedStep[];
  /** Estimated seconds of what is left, one step after the other. */
  readonly seconds: number;
}

/**
 * Looks up what the values need. Nothing is computed, and no data is loaded.
 *
 * @throws Error for two values of one id, two kinds of one name, and a step that needs itself
 */
export async function planOf(
  values: readonly Value[],
  { store, signal }: { readonly store: Store; readonly signal?: AbortSignal },
): Promise<Plan> {
  const ids = new Set<string>();
  for (const { id } of values) {
    if (ids.has(id)) throw new Error(`two values have the id "${id}"`);
    ids.add(id);
  }
  const graph = new Graph();
  const roots: PlannedStep[] = [];
  for (const { from } of values)
    for (const step of Object.values(from).flat()) if (step) roots.push(await graph.add(step));
  const there = new Map<string, Entry>();
  const left = new Set<PlannedStep>();
  const seen = new Map<string, "value" | "files">();
  const visit = async (planned: PlannedStep, part: "value" | "files"): Promise<void> => {
    const before = seen.get(planned.key);
    if (before === "files" || before === part || left.has(planned)) return;
    seen.set(planned.key, part);
    signal?.throwIfAborted();
    const entry = there.get(planned.key) ?? (await readEntry(store, planned.identity.step, planned.key));
    if (entry && (part === "value" || (await entry.whole()))) {
      there.set(planned.key, entry);
      return;
    }
    there.delete(planned.key);
    for (const need of Object.values(planned.needs).flat()) await visit(need, "files");
    left.add(planned);
  };
  for (const root of roots) await visit(root, "value");
  return {
    values,
    store,
    steps: graph.steps,
    planned: (step) => graph.planned(step),
    there,
    left: [...left],
    seconds: [...left].reduce((sum, { cost }) => sum + cost, 0),
  };
}

class Graph {
  readonly steps = new Map<string, PlannedStep>();
  readonly #known = new Map<Step, PlannedStep>();
  readonly #kinds = new Map<string, Step["kind"]>();
  readonly #path: Step[] = [];

  planned(step: Step): PlannedStep {
    const planned = this.#known.get(step);
    if (!planned) throw new Error(`step "${step.kind.name}" is not in this plan`);
    return planned;
  }

  async add(step: Step): Promise<PlannedStep> {
    const known = this.#known.get(step);
    if (known) return known;
    if (this.#path.includes(step)) {
      const names = [...this.#path.slice(this.#path.indexOf(step)), step].map((each) => each.kind.name);
      throw new Error(`a step needs itself: ${names.join(" → ")}`);
    }
    const { kind } = step;
    if ((this.#kinds.get(kind.name) ?? kind) !== kind)
      throw new Error(`two kinds of step are called "${kind.name}"; their results would be taken for each other's`);
    this.#kinds.set(kind.name, kind);
    this.#path.push(step);
    const needs: Record<string, PlannedStep | readonly PlannedStep[]> = {};
    const keys: Record<string, string | readonly string[]> = {};
    for (const [name, need] of Object.entries(step.needs)) {
      if (need === undefined) continue;
      if ("kind" in need) {
        const planned = await this.add(need);
        needs[name] = planned;
        keys[name] = planned.key;
        continue;
      }
      const planned: PlannedStep[] = [];
      for (const each of need) planned.push(await this.add(each));
      needs[name] = planned;
      keys[name] = planned.map(({ key }) => key);
    }
    this.#path.pop();
    const { key, identity } = await keyOf(step, keys);
    const planned = this.steps.get(key) ?? {
      key,
      step,
      identity,
      needs,
      cost: kind.cost?.(step.parameters, step.data) ?? 1,
    };
    this.steps.set(key, planned);
    this.#known.set(step, planned);
    return planned;
  }
}
