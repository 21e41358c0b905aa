import { sliceRows } from "@reprise/data";
import { mnistSubset } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimed } from "../src/index.ts";
import { halvesNetworks, modelNetworks, trainingSeed } from "../src/reproduce/plan.ts";
import { type ReproducedValue, type ReproduceOptions, reproduce, type Store } from "../src/reproduce.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

function memoryStore(): Store & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (name) => files.get(name),
    write: async (name, bytes) => void files.set(name, bytes),
  };
}

/** Networks that learn 400 digits for a moment: enough to be attacked. */
const quick = { optimizer: "adam", learningRate: 5e-3, batchSize: 20, epochs: 6 } as const;
let options: Omit<ReproduceOptions, "store">;
const first = memoryStore();
let values: readonly ReproducedValue[];

beforeAll(async () => {
  const { images, labels } = await mnistSubset({ split: "train" });
  const test = await mnistSubset({ split: "test" });
  options = {
    train: { images: sliceRows(images, 0, 400), labels: sliceRows(labels, 0, 400) },
    test: { images: sliceRows(test.images, 0, 60), labels: sliceRows(test.labels, 0, 60) },
    dataSha256: "digits",
    provenance: () => ({ version: "v", machine: "m", date: "d" }),
    images: 4,
    recipe: quick,
    seed: 1,
  };
  values = await reproduce(runtime, { ...options, store: first });
});

const byId = (id: string) => values.find((value) => value.id === id)!;

describe("reproduce", () => {
  it("gives a value for every cell of Tables 1 to 4, beside the paper's own", () => {
    expect(new Set(values.map(({ id }) => id)).size).toBe(values.length);
    // Table 2's and 4's columns of mean distortions are those of Tables 1 and 3.
    const printed = claimed
      .slice(0, 4)
      .flatMap(({ columns, rows }, table) =>
        rows.flatMap(({ values: row }) => row.filter((_, i) => table !== 1 || columns[i]!.unit === "%")),
      );
    const ours = values.flatMap(({ claimed: value, unit }) =>
      value === null ? [] : [unit === "error" ? 100 * value : value],
    );
    expect(ours).toHaveLength(printed.length);
    for (const [i, value] of ours.entries()) expect(value).toBeCloseTo(printed[i]!, 10);
    expect(byId("table1/ae400-10/test-error").claimed).toBeCloseTo(0.019, 12);
    expect(byId("table2/fc10-1/fc200-200-10").claimed).toBeCloseTo(0.47, 12);
    expect(byId("table4/fc100-100-10-p2-amplified/fc123-456-10-p1").claimed).toBeCloseTo(0.5, 12);
    expect(byId("table2/fc10-1/fc200-200-10/test").claimed).toBeNull();
  });

  it("attacks succeed on their own network, errors are shares with intervals", () => {
    for (const { id, value, low, high, unit, images } of values) {
      expect(low, id).toBeLessThanOrEqual(value);
      expect(high, id).toBeGreaterThanOrEqual(value);
      expect(value, id).toBeGreaterThanOrEqual(0);
      if (unit === "error") expect(high, id).toBeLessThanOrEqual(1);
      expect(images, id).toBeGreaterThan(0);
    }
    for (const id of ["fc10-1e-4", "ae400-10"]) expect(byId(`table2/${id}/${id}`).value).toBe(1);
    expect(byId("table1/fc10-1e-4/training-error").images).toBe(400);
    expect(byId("table1/fc10-1e-4/test-error").images).toBe(60);
    expect(byId("table3/fc100-100-10-p2/p1-error").images).toBe(200);
    expect(byId("table3/fc100-100-10-p2/p2-error").value).toBeLessThan(byId("table3/fc100-100-10-p2/p1-error").value);
  });

  it("no two networks begin with the same weights and order, in this run or in one of another seed", () => {
    const hidden = [...modelNetworks.filter(({ network }) => !network.startsWith("fc10-1")), ...halvesNetworks];
    const seeds = [0, 1].flatMap((seed) => hidden.map((network) => trainingSeed(network, seed)));
    expect(new Set(seeds).size).toBe(2 * hidden.length);
  });

  it("a second run takes every part from the store, and a damaged part is made again", async () => {
    const again = await reproduce(runtime, { ...options, store: first, provenance: () => never() });
    expect(again).toEqual(values);
    const name = "attacks/fc10-1-test.json";
    first.files.set(name, first.files.get(name)!.subarray(0, 40));
    const provenance = () => ({ version: "v", machine: "m", date: "later" });
    const repaired = await reproduce(runtime, { ...options, store: first, provenance, only: ["table1"] });
    const changed = repaired.filter((value) => value.provenance.date === "later").map(({ id }) => id);
    expect(changed).toEqual(["table1/fc10-1/distortion/test"]);
    expect(repaired.map(({ value }) => value)).toEqual(
      values.filter(({ table }) => table === "table1").map(({ value }) => value),
    );
  });

  it("a run that was stopped ends in the same values", async () => {
    const store = memoryStore();
    const stop = new AbortController();
    const shown: string[] = [];
    const cut = reproduce(runtime, {
      ...options,
      store,
      only: ["table3"],
      signal: stop.signal,
      onEvent({ what, done, secondsLeft }) {
        shown.push(what);
        expect(done >= 0 && done <= 1).toBe(true);
        expect(Number.isNaN(secondsLeft) || secondsLeft >= 0).toBe(true);
        if (what.startsWith("attacking FC123-456-10")) stop.abort(new Error("stopped here"));
      },
    });
    await expect(cut).rejects.toThrow("stopped here");
    expect(shown).toContain("training FC100-100-10 on P1");
    expect([...store.files.keys()].sort()).toEqual([
      "attacks/fc100-100-10-p1-test.json",
      "attacks/fc100-100-10-p1-test.npy",
      "errors/fc100-100-10-p1.json",
      "errors/fc123-456-10-p1.json",
      "networks/fc100-100-10-p1.json",
      "networks/fc100-100-10-p1.onnx",
      "networks/fc123-456-10-p1.json",
      "networks/fc123-456-10-p1.onnx",
    ]);
    const whole = await reproduce(runtime, { ...options, store, only: ["table3"] });
    const number = ({ id, value, low, high }: ReproducedValue) => [id, value, low, high];
    expect(whole.map(number)).toEqual(values.filter(({ table }) => table === "table3").map(number));
  });

  it("§4.2: a mean over seeds for each way to regularise, only when asked for", async () => {
    expect(values.some(({ table }) => table === "regularisation")).toBe(false);
    const store = memoryStore();
    const only = ["regularisation"] as const;
    const brief = { ...options, only, recipe: { ...quick, epochs: 2, batchSize: 100 } };
    const found = await reproduce(runtime, { ...brief, store });
    expect(found.map(({ id, claimed: claim }) => [id, claim])).toEqual([
      ["regularisation/weight-decay/test-error", null],
      ["regularisation/dropout/test-error", null],
      ["regularisation/adversarial-input/test-error", null],
      ["regularisation/adversarial-layers/test-error", 0.012],
    ]);
    expect(store.files.size).toBe(4 * 5);
    const rates = [1, 2, 3, 4, 5].map((seed) => {
      const bytes = store.files.get(`regularisation/dropout-seed${seed}.json`);
      return JSON.parse(new TextDecoder().decode(bytes)).value.rate as number;
    });
    expect(new Set(rates).size).toBeGreaterThan(1);
    const { value, low, high, images } = found[1]!;
    expect(value).toBeCloseTo(rates.reduce((a, b) => a + b) / 5, 12);
    expect(low <= value && value <= high).toBe(true);
    expect(images).toBe(5 * 60);
    expect(await reproduce(runtime, { ...brief, store, provenance: () => never() })).toEqual(found);
    // What is missing is trained again, on two runtimes at once: to the same errors.
    const [kept, missing] = [new Map(store.files), ["weight-decay-seed1", "dropout-seed3", "adversarial-layers-seed5"]];
    for (const name of missing) store.files.delete(`regularisation/${name}.json`);
    const second = nodeRuntime({ threads: 1 });
    const again = await reproduce(runtime, { ...brief, store, moreRuntimes: [second] });
    await second.release();
    expect([...store.files.keys()].sort()).toEqual([...kept.keys()].sort());
    expect(again.map((row) => row.value)).toEqual(found.map((row) => row.value));
  });

  it("says what is wrong", async () => {
    const store = memoryStore();
    await expect(reproduce(runtime, { ...options, store, images: 61 })).rejects.toThrow(
      "reproduce: images is 61; expected 2 to 60, which both parts of the data have",
    );
    first.files.delete("networks/fc10-1.onnx");
    first.files.delete("errors/fc10-1.json");
    await expect(reproduce(runtime, { ...options, store: first, only: ["table1"] })).rejects.toThrow(
      "reproduce: networks/fc10-1.onnx is missing though its .json is there; remove that and run again",
    );
  });
});

function never(): never {
  throw new Error("nothing was to be computed");
}
