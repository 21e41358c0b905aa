// Laws of a run: what decides a key, and that a run which was stopped anywhere ends as if it had not been.
import { describe, expect, it } from "vitest";
import {
  memoryStore,
  planOf,
  type ResultRecord,
  type RunProgress,
  recordsOf,
  runPlan,
  type Settings,
  type Step,
  type Store,
  stepKind,
  type Value,
  value,
} from "../src/index.ts";
import { type DigitsOptions, digits, type Lane, type Log, offset } from "./digits.ts";

const provenance = () => ({ version: "v", machine: "m", date: "d" });
const commandOf = (settings: Settings) => `run ${Object.entries(settings).flat().join(" ")}`;

interface RunOptions {
  readonly store?: Store;
  readonly lanes?: readonly Lane[];
  readonly log?: Log;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: RunProgress) => void;
}

async function run(values: readonly Value[], { store = memoryStore(), log = [], lanes, ...options }: RunOptions = {}) {
  const plan = await planOf(values, { store });
  const results = await runPlan(plan, { lanes: lanes ?? [{ name: "a", log }], provenance, ...options });
  return recordsOf(plan, results, commandOf);
}
const withoutSeconds = (records: readonly ResultRecord[]) => records.map(({ seconds: _, ...record }) => record);
const keysOf = async (options: DigitsOptions = {}) =>
  new Set((await planOf(digits(options), { store: memoryStore() })).steps.keys());
/** How many of the first are not among the second. */
const changed = (keys: ReadonlySet<string>, others: ReadonlySet<string>) =>
  [...keys].filter((key) => !others.has(key)).length;

describe("keys", () => {
  it("are SHA-256 of name, version, parameters, needs and data, by sorted names", async () => {
    const one = stepKind<{ parameters: { readonly b: number; readonly a: string }; value: null }>({
      name: "test/one",
      version: 3,
      text: () => "",
      run: async () => ({ value: null }),
    });
    const values = (step: Step) => [{ ...digits()[0]!, from: { step }, read: () => ({}) as never }];
    const { steps } = await planOf(values(one({ b: 1, a: "x" })), { store: memoryStore() });
    const text = '{"data":{},"needs":{},"parameters":{"a":"x","b":1},"step":"test/one","version":3}';
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    expect([...steps.keys()]).toEqual([Buffer.from(digest).toString("hex")]);
  });

  it("are the same for the same, and change with parameters, needs and data, downstream only", async () => {
    const keys = await keysOf();
    expect(keys.size).toBe(3 + 3 + 1);
    expect(await keysOf()).toEqual(keys);
    expect(changed(await keysOf({ power: 3 }), keys)).toBe(3 + 1); // squares and average
    expect(changed(await keysOf({ seeds: [1, 2, 4] }), keys)).toBe(3); // one draw, its square, average
    expect(changed(await keysOf({ seeds: [2, 1, 3] }), keys)).toBe(1); // the order in which the average takes them
    expect(changed(await keysOf({ data: { ...offset, sha256: "1".repeat(64) } }), keys)).toBe(7);
    expect(changed(await keysOf({ data: { ...offset, name: "another name" } }), keys)).toBe(0);
    expect(changed(await keysOf({ version: 2 }), keys)).toBe(7);
  });

  it("parameters that JSON would change are refused, with their place", async () => {
    const refused = async (parameters: object, message: string) => {
      const odd = stepKind<{ parameters: object; value: null }>({
        name: "test/odd",
        version: 1,
        text: () => "",
        run: async () => ({ value: null }),
      });
      const values = [{ ...digits()[0]!, from: { odd: odd(parameters) } }];
      await expect(planOf(values, { store: memoryStore() })).rejects.toThrow(message);
    };
    const what = 'parameters of step "test/odd"';
    await refused({ rate: [1, Number.NaN] }, `${what}: .rate[1] is NaN; expected plain data that JSON keeps`);
    await refused({ a: { b: new Float32Array(2) } }, `${what}: .a.b is Float32Array; expected plain data`);
    await refused({ run: () => 1 }, `${what}: .run is function; expected plain data`);
    expect(changed(await keysOf({ power: 2 }), await keysOf({ power: 2 }))).toBe(0);
  });

  it("names of kinds are parts separated by /", () => {
    expect(() => stepKind({ name: "../up", version: 1, text: () => "", run: async () => ({ value: null }) })).toThrow(
      'step kind "../up": expected a name such as "adversarial/train"',
    );
  });
});

describe("a plan", () => {
  it("says what is there and what is left, and loads nothing", async () => {
    const data = { ...offset, load: () => Promise.reject(new Error("was not to be loaded")) };
    const store = memoryStore();
    const all = await planOf(digits({ data }), { store });
    expect(all.left.map(({ step }) => step.kind.name)).toEqual([
      ...["digits/draw", "digits/draw", "digits/draw"].flatMap((name) => [name, "digits/square"]),
      "digits/average",
    ]);
    expect(all.seconds).toBe(3 * 5 + 3 + 1);
    expect(all.there.size).toBe(0);
    await run(digits(), { store });
    const then = await planOf(digits({ data }), { store });
    expect([then.left.length, then.seconds, then.there.size]).toEqual([0, 0, 5]); // the other draws are not asked for
  });

  it("a step that is needed by nothing that is left is not computed again", async () => {
    const store = memoryStore();
    await run(digits(), { store });
    const names = await store.list("steps/digits/draw/");
    for (const name of names) await store.delete(name);
    const plan = await planOf(digits(), { store });
    expect(plan.left.map(({ step }) => step.parameters)).toEqual([{ seed: 1, count: 5 }]); // a value reads this one
  });

  it("equal steps are one; two values of one id, two kinds of one name and a step that needs itself are errors", async () => {
    const store = memoryStore();
    const [mean, even] = digits() as [Value, Value];
    expect((await planOf([mean, ...digits().slice(1)], { store })).steps.size).toBe(7);
    await expect(planOf([mean, { ...even, id: mean.id }], { store })).rejects.toThrow(
      'two values have the id "table1/mean"',
    );
    const kind = { version: 1, text: () => "", run: async () => ({ value: null }) };
    const twins = [1, 2].map(() => stepKind<{ parameters: object; value: null }>({ ...kind, name: "test/twin" })({}));
    await expect(planOf([{ ...mean, from: { twins } }], { store })).rejects.toThrow(
      'two kinds of step are called "test/twin"; their results would be taken for each other\'s',
    );
    const loop = { ...twins[0]!, needs: {} as Record<string, Step> };
    loop.needs.itself = { ...twins[0]!, needs: { loop } };
    await expect(planOf([{ ...mean, from: { loop } }], { store })).rejects.toThrow(
      "a step needs itself: test/twin → test/twin → test/twin",
    );
  });
});

describe("a run", () => {
  it("gives a record for each value", async () => {
    const [mean, even] = await run(digits());
    expect(mean).toMatchObject({ id: "table1/mean", claimed: "10000", command: "run seed 0 power 2", examples: 15 });
    expect(mean!.value).toBe(mean!.number.toFixed(2));
    expect(mean!.interval).toBe(`${mean!.low.toFixed(2)} to ${mean!.high.toFixed(2)} (15 numbers)`);
    expect(mean).not.toHaveProperty("tolerance");
    expect(even).toMatchObject({ claimed: null, tolerance: 1, examples: 5, ...provenance() });
    expect(even!.value).toMatch(/^\d+\.0%$/);
  });

  it("once it has ended, another computes nothing and gives the same records", async () => {
    const store = memoryStore();
    const [first, second]: [Log, Log] = [[], []];
    const records = await run(digits(), { store, log: first });
    expect(first).toHaveLength(7);
    expect(await run(digits(), { store, log: second })).toEqual(records);
    expect(second).toEqual([]);
  });

  it("cut at any write to the store and begun again, it computes what is missing and ends in the same records", async () => {
    const whole = withoutSeconds(await run(digits()));
    const total = await writesOf(memoryStore(), Infinity);
    expect(total).toBe(3 * 2 + 3 + 1);
    for (let cut = 0; cut < total; cut++) {
      const store = memoryStore();
      await expect(writesOf(store, cut)).rejects.toThrow("the power is gone");
      const finished = (await store.list("steps/")).filter((name) => name.endsWith("result.json"));
      const log: Log = [];
      expect(withoutSeconds(await run(digits(), { store, log })), `cut at ${cut}`).toEqual(whole);
      expect(log, `cut at ${cut}`).toHaveLength(7 - finished.length);
    }
  });

  it("what comes out does not depend on the number of lanes", async () => {
    const one = withoutSeconds(await run(digits()));
    for (const count of [2, 3, 9]) {
      const log: Log = [];
      const lanes = Array.from({ length: count }, (_, i) => ({ name: String(i), log, before: () => pause() }));
      expect(withoutSeconds(await run(digits(), { lanes }))).toEqual(one);
      expect(new Set(log.map((line) => line.split(" ")[0])).size).toBe(Math.min(count, 3));
    }
  });

  it("a lane takes the next step whose needs are there", async () => {
    const log: Log = [];
    const slow = Promise.withResolvers<void>();
    const before = async (text: string) => {
      if (text === "draw 1") await slow.promise;
      if (text === "draw 3") setTimeout(() => slow.resolve());
      await pause();
    };
    await run(digits(), { lanes: ["a", "b"].map((name) => ({ name, log, before })) });
    expect(log.map((line) => line.replace(/ [\d,]+$/, ""))).toEqual([
      ...["a draw", "b draw", "b square", "b draw", "b square"],
      expect.stringMatching(/^[ab] square$/),
      expect.stringMatching(/^[ab] average$/),
    ]);
  });

  it("the first failure stops what runs, waits for its end and is thrown; what has not begun does not begin", async () => {
    const log: Log = [];
    let ended = false;
    const before = async (text: string, signal: AbortSignal) => {
      if (text === "draw 2") throw new Error("diverged");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      await pause();
      ended = true;
      throw new Error("a second one");
    };
    const lanes = ["a", "b"].map((name) => ({ name, log, before }));
    await expect(run(digits(), { lanes })).rejects.toThrow("diverged");
    expect(ended).toBe(true);
    expect(log).toEqual(["a draw 1", "b draw 2"]);
    await expect(run(digits(), { lanes: [] })).rejects.toThrow("runPlan: there are no lanes; a run takes at least one");
  });

  it("a record has the seconds of all steps that its value reads, machine and date of the last", async () => {
    const plan = await planOf(digits(), { store: memoryStore() });
    let made = 0;
    const dated = () => ({ ...provenance(), date: `moment ${++made}` });
    const results = await runPlan(plan, { lanes: [{ name: "a", log: [] }], provenance: dated });
    const { mean, squared } = digits()[0]!.from;
    expect([mean, squared].flat()).toHaveLength(4);
    const read = plan.left.filter(({ step }) => step.kind.name !== "digits/draw");
    const seconds = read.reduce((sum, { key }) => sum + results.get(key)!.seconds, 0);
    const [first] = recordsOf(plan, results, commandOf);
    expect(first!.seconds).toBe(Number(seconds.toPrecision(3)));
    expect(first!.date).toBe(
      results.get(plan.planned((plan.values[0]!.from.squared as Step[])[2]!).key)!.provenance.date,
    );
  });

  it("a signal that is aborted ends it with its reason; what was finished stays", async () => {
    const store = memoryStore();
    const stop = new AbortController();
    const before = async (text: string) => {
      if (text === "draw 2") stop.abort(new Error("stopped here"));
    };
    const lanes = [{ name: "a", log: [], before }];
    await expect(run(digits(), { store, lanes, signal: stop.signal })).rejects.toThrow("stopped here");
    expect((await planOf(digits(), { store })).left).toHaveLength(7 - 2);
    // The first draw hears nothing of it, ends, and stays; what was not to begin is not begun.
    const late = new AbortController();
    const begun = new Set<string>();
    const onProgress = ({ done, text }: RunProgress) => {
      begun.add(text);
      if (done === 5) late.abort(new Error("late"));
    };
    const kept = memoryStore();
    await expect(run(digits(), { store: kept, signal: late.signal, onProgress })).rejects.toThrow("late");
    expect(await kept.list("steps/")).toHaveLength(2);
    expect([...begun]).toEqual(["drawing 1"]);
  });

  it("tells how far it is: done rises to the total of what was left", async () => {
    const events: RunProgress[] = [];
    await run(digits(), { onProgress: (event) => events.push(event) });
    expect(events.every(({ done, total }, i) => total === 19 && done >= (events[i - 1]?.done ?? 0))).toBe(true);
    expect(events.at(-1)).toMatchObject({ done: 19, text: "averaging", secondsLeft: Number.NaN });
    expect(events.map(({ text, done }) => [text, done]).slice(0, 3)).toEqual([
      ["drawing 1", 0],
      ["drawing 1", 2.5],
      ["drawing 1", 5],
    ]);
  });

  it("a result that JSON would change is an error, not another number after a restart", async () => {
    const odd = stepKind<{ parameters: object; value: { readonly mean: number }; lane: Lane }>({
      name: "test/nan",
      version: 1,
      text: () => "",
      run: async () => ({ value: { mean: Number.NaN } }),
    });
    const values = [{ ...digits()[0]!, from: { odd: odd({}) } }];
    await expect(run(values)).rejects.toThrow('result of step "test/nan": .mean is NaN; expected plain data');
  });

  it("an error of a value's reading names the value and keeps its cause", async () => {
    const cause = new Error("no image reached its target");
    const [mean] = digits();
    const broken = value({
      ...mean!,
      read: () => {
        throw cause;
      },
    });
    await expect(run([broken])).rejects.toMatchObject({
      message: "table1/mean: no image reached its target",
      cause,
    });
  });
});

const pause = () => new Promise<void>((resolve) => setTimeout(resolve));

/** Runs with a store that fails from the given write on; how many writes there were. */
async function writesOf(store: Store, allowed: number): Promise<number> {
  let writes = 0;
  const put: Store["put"] = async (name, bytes) => {
    if (writes >= allowed) throw new Error("the power is gone");
    writes++;
    await store.put(name, bytes);
  };
  await run(digits(), { store: { ...store, put } });
  return writes;
}
