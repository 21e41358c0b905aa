import { describe, expect, it } from "vitest";
import { memoryStore, planOf, recordsOf, runPlan, type Value } from "../src/index.ts";
import { digits, type Lane, type Log } from "./digits.ts";

const provenance = () => ({ version: "v", machine: "m", date: "d" });
const lane = (log: Log = [], name = "a"): Lane => ({ name, log });

async function recordsIn(values: readonly Value[], store = memoryStore(), lanes: readonly Lane[] = [lane()]) {
  const plan = await planOf(values, { store });
  const results = await runPlan(plan, { lanes, provenance });
  return recordsOf(plan, results, (settings) => `run ${Object.entries(settings).flat().join(" ")}`);
}

describe("runPlan", () => {
  it("gives a record for each value", async () => {
    const [mean, even] = await recordsIn(digits());
    expect(mean).toMatchObject({ id: "table1/mean", claimed: "10000", command: "run seed 0 power 2", examples: 15 });
    expect(mean!.value).toBe(mean!.number.toFixed(2));
    expect(even).toMatchObject({ claimed: null, tolerance: 1, version: "v", machine: "m", date: "d", examples: 5 });
    expect(even!.value).toMatch(/^\d+\.0%$/);
  });
});
