// Computes what a plan has left, in lanes: each takes the next step whose needs are there.
import { Random } from "@reprise/data";
import { type Entry, writeEntry } from "./entry.ts";
import type { Plan, PlannedStep } from "./plan.ts";
import type { Provenance, StepContext, StepResult, StepShape } from "./step.ts";

/** How far a run is. */
export interface RunProgress {
  /** Key of the step that this is about. */
  readonly step: string;
  /** Estimated seconds of what is done, and of everything that was left. */
  readonly done: number;
  readonly total: number;
  readonly text: string;
  /** By the pace so far; NaN at the start. */
  readonly secondsLeft: number;
}

export interface RunOptions {
  /** What each lane owns, such as a runtime; as many steps at once as there are lanes. What comes out is the same. */
  readonly lanes: readonly unknown[];
  readonly provenance: () => Provenance;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: RunProgress) => void;
}

/** Results of a plan's steps by key: of those that its values read, and of what was computed for them. */
export type RunResults = ReadonlyMap<string, StepResult>;

/**
 * Runs what is left of a plan. Each result is in the store before a step that needs it begins; a run that is stopped is
 * planned again and goes on.
 *
 * @throws the first error of a step, after the others under way have been told to stop and have ended; the signal's reason
 *         when aborted
 */
export async function runPlan(plan: Plan, { lanes, provenance, signal, onProgress }: RunOptions): Promise<RunResults> {
  if (lanes.length === 0) throw new RangeError("runPlan: there are no lanes; a run takes at least one");
  const results = new Map<string, Entry>(plan.there);
  const waiting = [...plan.left];
  const pace = new Pace(plan, onProgress);
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const isReady = ({ needs }: PlannedStep) =>
    Object.values(needs)
      .flat()
      .every(({ key }) => results.has(key));
  const work = async (lane: unknown): Promise<void> => {
    while (waiting.length > 0) {
      stop.throwIfAborted();
      const next = waiting.findIndex(isReady);
      if (next === -1) {
        await changed.promise;
        continue;
      }
      const [planned] = waiting.splice(next, 1) as [PlannedStep];
      pace.begin(planned);
      results.set(planned.key, await compute(plan, planned, { results, lane, signal: stop, provenance, pace }));
      pace.end(planned);
      tell();
    }
  };
  const first = (reason: unknown): void => {
    if (!failed.signal.aborted) failed.abort(reason);
    tell();
  };
  await Promise.all(lanes.map((lane) => work(lane).catch(first)));
  if (failed.signal.aborted) throw failed.signal.reason;
  return results;
}

async function compute(
  { store }: Plan,
  { step, key, identity, needs }: PlannedStep,
  {
    results,
    lane,
    signal,
    provenance,
    pace,
  }: {
    readonly results: ReadonlyMap<string, Entry>;
    readonly lane: unknown;
    readonly signal: AbortSignal;
    readonly provenance: () => Provenance;
    readonly pace: Pace;
  },
): Promise<Entry> {
  const resultOf = (planned: PlannedStep) => results.get(planned.key)!; // the step was ready
  const read = Object.entries(needs).map(([name, need]) => [name, "key" in need ? resultOf(need) : need.map(resultOf)]);
  const data = await Promise.all(
    Object.entries(step.data).map(async ([name, each]) => [name, await each.load()] as const),
  );
  signal.throwIfAborted();
  const context: StepContext<StepShape> = {
    parameters: step.parameters,
    needs: Object.fromEntries(read),
    data: Object.fromEntries(data),
    lane,
    random: new Random(Number.parseInt(key.slice(0, 13), 16)), // 52 bits
    signal,
    onProgress: ({ done, total, text }) => pace.within(key, done / total, text),
  };
  const started = performance.now();
  const output = await step.kind.run(context);
  const seconds = (performance.now() - started) / 1000;
  return writeEntry(store, key, identity, output, { seconds, provenance: provenance() });
}

/** How much is done, weighed by what steps are estimated to cost, and how long the rest takes at that pace. */
class Pace {
  readonly #total: number;
  readonly #onProgress: RunOptions["onProgress"];
  readonly #started = performance.now();
  readonly #running = new Map<string, { readonly planned: PlannedStep; share: number; text: string }>();
  #done = 0;

  constructor({ seconds }: Plan, onProgress: RunOptions["onProgress"]) {
    this.#total = seconds;
    this.#onProgress = onProgress;
  }

  begin(planned: PlannedStep): void {
    const { kind, parameters, data } = planned.step;
    this.#running.set(planned.key, { planned, share: 0, text: kind.text(parameters, data) });
    this.#tell(planned.key);
  }

  within(key: string, share: number, text?: string): void {
    const running = this.#running.get(key);
    if (!running) return; // told after its end
    running.share = Math.min(1, Math.max(0, share));
    if (text !== undefined) running.text = text;
    this.#tell(key);
  }

  end({ key, cost }: PlannedStep): void {
    this.#done += cost;
    this.#running.get(key)!.share = 0;
    this.#tell(key);
    this.#running.delete(key);
  }

  #tell(key: string): void {
    let done = this.#done;
    for (const { planned, share } of this.#running.values()) done += planned.cost * share;
    done = Math.min(done, this.#total);
    const elapsed = (performance.now() - this.#started) / 1000;
    // The first seconds start the runtimes: they tell nothing of the pace.
    const secondsLeft = done > 0 && elapsed > 5 ? (elapsed / done) * (this.#total - done) : Number.NaN;
    this.#onProgress?.({ step: key, done, total: this.#total, text: this.#running.get(key)!.text, secondsLeft });
  }
}
