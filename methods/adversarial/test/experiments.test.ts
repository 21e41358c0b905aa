// The paper's tables, from 400 digits learnt for a moment: enough to be attacked.
import { type LabelledImages, mnistHalves, sliceRows } from "@reprise/data";
import { mnistSubset } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import {
  type Data,
  memoryStore,
  planOf,
  type ResultRecord,
  type RunProgress,
  recordsOf,
  runPlan,
  type Store,
} from "@reprise/experiment";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { halvesNetworks, modelNetworks, trainingSeed } from "../src/experiments/networks.ts";
import { armOf } from "../src/experiments/regularisation.ts";
import type { Digits } from "../src/experiments/steps.ts";
import { experiments } from "../src/experiments.ts";
import { claimed } from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const tables = ["table1", "table2", "table3", "table4"];
const settings = { images: 4, seed: 1, optimizer: "adam", epochs: 30 };
let digits: Data<Digits>;
const store = memoryStore();
let records: readonly ResultRecord[];

interface RunOptions {
  readonly date?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: RunProgress) => void;
}

async function run(parts: readonly string[], into: Store, { date = "d", ...options }: RunOptions = {}) {
  const plan = await planOf(experiments.values({ parts, settings, data: () => digits }), { store: into });
  const provenance = () => ({ version: "v", machine: "m", date });
  const results = await runPlan(plan, { lanes: [runtime], provenance, ...options });
  return { plan, records: recordsOf(plan, results, () => "the command") };
}

beforeAll(async () => {
  const first = ({ images, labels }: LabelledImages, count: number) => ({
    images: sliceRows(images, 0, count),
    labels: sliceRows(labels, 0, count),
  });
  const train = first(await mnistSubset({ split: "train" }), 400);
  const test = first(await mnistSubset({ split: "test" }), 60);
  const content = { train, test, ...mnistHalves(train) };
  digits = { name: "digits", sha256: "digits", count: 400, load: async () => content };
  ({ records } = await run(tables, store));
});

const byId = (id: string) => records.find((record) => record.id === id)!;
const numbers = (of: readonly ResultRecord[]) => of.map(({ id, number, low, high }) => [id, number, low, high]);

describe("the tables", () => {
  it("have a value for every cell, beside the paper's own", () => {
    // Table 2's and 4's columns of mean distortions are those of Tables 1 and 3.
    const printed = claimed
      .slice(0, 4)
      .flatMap(({ columns, rows }, table) =>
        rows.flatMap(({ values }) => values.filter((_, i) => table !== 1 || columns[i]!.unit === "%")),
      );
    expect(records.flatMap(({ claimed: text }) => (text === null ? [] : [Number.parseFloat(text)]))).toEqual(printed);
    expect(byId("table1/ae400-10/test-error").claimed).toBe("1.9%");
    expect(byId("table2/fc10-1/fc200-200-10").claimed).toBe("47%");
    expect(byId("table4/fc100-100-10-p2-amplified/fc123-456-10-p1").claimed).toBe("50%");
    expect(byId("table2/fc10-1/fc200-200-10/test").claimed).toBeNull();
  });

  it("attacks succeed on their own network, errors are shares with intervals", () => {
    for (const { id, number, low, high, value, examples } of records) {
      expect(low, id).toBeLessThanOrEqual(number);
      expect(high, id).toBeGreaterThanOrEqual(number);
      expect(number, id).toBeGreaterThanOrEqual(0);
      if (value.endsWith("%")) expect(high, id).toBeLessThanOrEqual(1);
      expect(examples, id).toBeGreaterThan(0);
    }
    for (const id of ["fc10-1e-4", "ae400-10"]) expect(byId(`table2/${id}/${id}`).number).toBe(1);
    expect(byId("table1/fc10-1e-4/training-error").examples).toBe(400);
    expect(byId("table1/fc10-1e-4/test-error").interval).toMatch(/^\d+\.\d\d to \d+\.\d\d% \(60 images\)$/);
    expect(byId("table3/fc100-100-10-p2/p1-error").examples).toBe(200);
    expect(byId("table3/fc100-100-10-p2/p2-error").number).toBeLessThan(byId("table3/fc100-100-10-p2/p1-error").number);
  });

  it("no two networks begin with the same weights and order, in this run or in one of another seed", () => {
    const hidden = [...modelNetworks.filter(({ network }) => !network.startsWith("fc10-1")), ...halvesNetworks];
    const seeds = [0, 1].flatMap((seed) => hidden.map((network) => trainingSeed(network, seed)));
    expect(new Set(seeds).size).toBe(2 * hidden.length);
  });

  it("Tables 2 and 4 train and attack nothing that Tables 1 and 3 have not", async () => {
    const values = experiments.values({ parts: tables, settings, data: () => digits });
    const plan = await planOf(values, { store: memoryStore() });
    const count: Record<string, number> = {};
    for (const { identity } of plan.left) count[identity.step] = (count[identity.step] ?? 0) + 1;
    expect(count).toEqual({
      "adversarial/train": 9,
      "adversarial/errors": 9,
      "adversarial/attack": 2 * 6 + 3,
      "adversarial/show": 2 * 10 + 8,
    });
  });

  it("a second run computes nothing, and what is damaged is made again to the same values", async () => {
    expect((await run(tables, store, { date: "later" })).records).toEqual(records);
    const plan = await planOf(experiments.values({ parts: ["table1"], settings, data: () => digits }), { store });
    const damaged = [...plan.steps.values()].find(
      ({ identity }) =>
        identity.step === "adversarial/attack" &&
        (identity.parameters as { network: string; split: string }).network === "fc10-1" &&
        (identity.parameters as { network: string; split: string }).split === "test",
    )!;
    const name = `steps/adversarial/attack/${damaged.key}/result.json`;
    await store.put(name, (await store.get(name))!.subarray(0, 40));
    const { records: repaired } = await run(["table1"], store, { date: "later" });
    expect(repaired.filter(({ date }) => date === "later").map(({ id }) => id)).toEqual([
      "table1/fc10-1/distortion/test",
    ]);
    expect(numbers(repaired)).toEqual(numbers(records.filter(({ table }) => table === "table1")));
  });

  it("a run that was stopped ends in the same values", async () => {
    const into = memoryStore();
    const stop = new AbortController();
    const shown = new Set<string>();
    const cut = run(["table3"], into, {
      signal: stop.signal,
      onProgress({ text, done, total }) {
        shown.add(text);
        expect(done >= 0 && done <= total).toBe(true);
        if (text.startsWith("attacking FC123-456-10")) stop.abort(new Error("stopped here"));
      },
    });
    await expect(cut).rejects.toThrow("stopped here");
    expect([...shown]).toContain("training FC100-100-10 on P1");
    expect((await into.list("steps/")).filter((name) => name.endsWith("network.onnx"))).toHaveLength(2);
    const whole = await run(["table3"], into);
    expect(numbers(whole.records)).toEqual(numbers(records.filter(({ table }) => table === "table3")));
  });

  it("a network that nothing fools is an error that says so", async () => {
    const values = experiments.values({
      parts: ["table1"],
      settings: { ...settings, epochs: 1, images: 2 },
      data: () => digits,
    });
    const { from, read } = values.find(({ id }) => id === "table1/fc10-1/distortion")!;
    expect(Object.keys(from)).toEqual(["attacked"]);
    const attacked = { value: { distortions: [], failed: 3, alreadyTarget: 1 } };
    expect(() => read({ attacked } as never)).toThrow(
      "no image of FC10(1) reached its target (3 failed, 1 had it). Has the network learned? Look at its test error; else ask for more images.",
    );
  });
});

it("parts, networks and arms that the paper does not have are named", () => {
  expect(() => experiments.values({ parts: ["table9"], settings, data: () => digits })).toThrow(
    'there is no part "table9" of this paper',
  );
  expect(() => armOf("early-stopping")).toThrow('there is no way to regularise called "early-stopping"');
});

describe("§4.2", () => {
  const part = ["regularisation"];
  const quick = { ...settings, epochs: 8 };
  const values = () => experiments.values({ parts: part, settings: quick, data: () => digits });

  it("a mean over seeds for each way to regularise; on two runtimes at once the same", async () => {
    const into = memoryStore();
    const provenance = () => ({ version: "v", machine: "m", date: "d" });
    const plan = await planOf(values(), { store: into });
    expect(plan.left).toHaveLength(4 * 5);
    const results = await runPlan(plan, { lanes: [runtime], provenance });
    const found = recordsOf(plan, results, ({ only }) => `--only ${only}`);
    expect(found.map(({ id, claimed: claim }) => [id, claim])).toEqual([
      ["regularisation/weight-decay/test-error", "1.6%"],
      ["regularisation/dropout/test-error", "1.3%"],
      ["regularisation/adversarial-input/test-error", null],
      ["regularisation/adversarial-layers/test-error", "1.2%"],
    ]);
    const { trained } = plan.values[1]!.from as { trained: readonly Parameters<typeof plan.planned>[0][] };
    const rates = trained.map((step) => (results.get(plan.planned(step).key)!.value as { rate: number }).rate);
    expect(new Set(rates).size).toBeGreaterThan(1);
    const { number, low, high, examples, command } = found[1]!;
    expect(number).toBeCloseTo(rates.reduce((a, b) => a + b) / 5, 12);
    expect(low <= number && number <= high).toBe(true);
    expect([examples, command]).toEqual([5 * 60, "--only regularisation"]);
    // What is missing is trained again, on two runtimes at once: to the same errors.
    const names = await into.list("steps/");
    for (const name of [names[0]!, names[7]!, names[19]!]) await into.delete(name);
    const second = nodeRuntime({ threads: 1 });
    const rest = await planOf(values(), { store: into });
    expect(rest.left).toHaveLength(3);
    const again = recordsOf(rest, await runPlan(rest, { lanes: [runtime, second], provenance }), () => "");
    await second.release();
    expect(await into.list("steps/")).toEqual(names);
    expect(numbers(again)).toEqual(numbers(found));
  });
});
