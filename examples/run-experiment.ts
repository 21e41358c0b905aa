// A table as a graph of steps: π from random points, five times, with an interval. Run it twice: the second computes nothing.
import { measuredMean, planOf, recordsOf, runPlan, stepKind, value } from "@reprise/experiment";
import { folderStore, machine } from "@reprise/experiment/node";

const throwPoints = stepKind<{ parameters: { seed: number; points: number }; value: number }>({
  name: "pi/throw",
  version: 1, // raised whenever the same parameters would give another result
  text: ({ seed }) => `throwing points, seed ${seed}`,
  async run({ parameters: { points }, random, signal, onProgress }) {
    let inside = 0;
    for (let i = 0; i < points; i++) {
      if (random.uniform() ** 2 + random.uniform() ** 2 < 1) inside++;
      if (i % 100_000 > 0) continue;
      signal.throwIfAborted();
      onProgress({ done: i, total: points });
    }
    return { value: (4 * inside) / points };
  },
});

const pi = value({
  ...{ id: "table1/pi", table: "table1", row: "Monte Carlo", column: "π", claimed: 3.14, tolerance: 0.01 },
  unit: { text: (x) => x.toFixed(4), sign: "", claimed: String, of: (runs) => `${runs} runs` },
  ...{ seed: 0, dataSha256: "none", settings: { seed: 0 } },
  from: { runs: [0, 1, 2, 3, 4].map((seed) => throwPoints({ seed, points: 1_000_000 })) },
  read: ({ runs }) => measuredMean(runs.map((run) => run.value)),
});

const plan = await planOf([pi], { store: folderStore("node_modules/.cache/pi") });
console.log(`${plan.there.size} steps are there, ${plan.left.length} are left`);
const results = await runPlan(plan, {
  lanes: ["one", "another"], // what each lane owns, such as a runtime
  provenance: () => ({ version: "example", machine: machine(), date: new Date().toISOString() }),
});
for (const { id, claimed, value, interval } of recordsOf(plan, results, () => "node examples/run-experiment.ts"))
  console.log(`${id}: claimed ${claimed}, reproduced ${value} (${interval})`);
