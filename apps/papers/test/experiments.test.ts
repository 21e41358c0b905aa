// Every paper's tables as a graph: planned, never run.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Data, memoryStore, type NodeExperiments, type Options, planOf, type Settings } from "@reprise/experiment";
import { loadEntry, papers } from "@reprise/papers";
import { describe, expect, test } from "vitest";

const data = (name: string): Data => ({
  ...{ name, sha256: name },
  load: () => Promise.reject(new Error("a plan loads nothing")),
});

describe.each(papers.map((paper) => [paper.method, paper] as const))("%s", async (method, paper) => {
  const { experiments } = (await loadEntry(method, "experiments/node")) as { experiments: NodeExperiments };
  const parts = Object.keys(paper.experiments);
  const options = Object.assign({}, ...Object.values(paper.experiments).map((each) => each.options));
  const settings: Settings = Object.fromEntries(
    Object.entries(options as Options).flatMap(([name, option]) =>
      "default" in option && option.default !== undefined ? [[name, option.default]] : [],
    ),
  );
  const values = experiments.values({ parts, settings, data });
  const results = JSON.parse(
    readFileSync(
      fileURLToPath(new URL(`../content/${paper.key}/results.json`, import.meta.resolve("@reprise/site"))),
      "utf8",
    ),
  ) as { tables: { rows: { record?: string; claimed: { value: string; source: string } | null }[] }[] };

  test("ids are unique and begin with the part; parts give the values of the whole", () => {
    expect(new Set(values.map(({ id }) => id)).size).toBe(values.length);
    for (const { id, table } of values) expect(id.split("/")[0]).toBe(table);
    for (const { table } of values) expect(parts).toContain(table);
    const each = parts.flatMap((part) => experiments.values({ parts: [part], settings, data }));
    expect(each.map(({ id }) => id).sort()).toEqual(values.map(({ id }) => id).sort());
  });

  test("every row of the page that names a record has its value, and claims what it claims", () => {
    const byId = new Map(values.map((value) => [value.id, value]));
    const rows = results.tables.flatMap((table) => table.rows).filter(({ record }) => record);
    expect(rows.length).toBeGreaterThan(0);
    for (const { record, claimed } of rows) {
      const value = byId.get(record!)!;
      expect(value, record).toBeDefined();
      const printed = value.claimed === null ? undefined : value.unit.claimed(value.claimed);
      // "7.4%", "below 1.2%"; no digits in "no number".
      const number = (text: string | undefined) => Number(text?.match(/[\d.]+/)?.[0] ?? Number.NaN);
      expect(number(claimed?.value), record).toBe(number(printed));
      if (claimed && /^table\d/.test(value.table))
        expect(claimed.source, record).toBe(value.table.replace("table", "Table "));
    }
  });

  test("the graph can be planned: the same twice, each step after what it needs, each with a cost", async () => {
    const plan = await planOf(values, { store: memoryStore() });
    expect(plan.left.length).toBe(plan.steps.size);
    const before = new Set<string>();
    for (const { key, needs, cost, step } of plan.left) {
      for (const need of Object.values(needs).flat()) expect(before).toContain(need.key);
      before.add(key);
      expect(cost).toBeGreaterThan(0);
      expect(step.kind.text(step.parameters, step.data)).toMatch(/\S/);
      expect(step.kind.name.split("/")[0]).toBe(method);
    }
    const again = await planOf(experiments.values({ parts, settings, data }), { store: memoryStore() });
    expect([...again.steps.keys()]).toEqual([...plan.steps.keys()]);
  });

  test("the seed and the data decide every key that is computed from them", async () => {
    const keys = async (seed: number, of: (name: string) => Data) => {
      const plan = await planOf(experiments.values({ parts, settings: { ...settings, seed }, data: of }), {
        store: memoryStore(),
      });
      return new Set(plan.steps.keys());
    };
    const first = await keys(0, data);
    const other = await keys(0, (name) => ({ ...data(name), sha256: `other ${name}` }));
    expect([...other].filter((key) => first.has(key))).toEqual([]);
    const seeded = await keys(1, data);
    expect([...seeded].some((key) => !first.has(key))).toBe(true);
  });

  test("data that is not at hand leaves values out and is no error", () => {
    expect(experiments.values({ parts, settings, data: () => undefined })).toEqual([]);
  });
});
