// PROFILE=1: where the time of a session goes, by ONNX Runtime's own profile, as a table of operators.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface ProfiledSession {
  endProfiling(): void;
}
type Create = (model: unknown, options: Record<string, unknown>) => Promise<ProfiledSession>;

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

const ort = createRequire(new URL("../packages/engine/src/run/runtime.node.ts", import.meta.url))(
  "onnxruntime-node",
) as {
  readonly InferenceSession: { create: Create };
};

/**
 * Profiles the last session that `load` makes. The function returned ends the profile and prints the milliseconds of a
 * run by operator, the first two runs left out: they are slower.
 */
export async function profiled<T>(load: () => Promise<T>): Promise<{ loaded: T; print: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), "reprise-profile-"));
  const { create } = ort.InferenceSession;
  let session: ProfiledSession | undefined;
  let count = 0;
  ort.InferenceSession.create = async (model, options) => {
    const profileFilePrefix = join(folder, String(count++).padStart(4, "0"));
    session = await create.call(ort.InferenceSession, model, { ...options, enableProfiling: true, profileFilePrefix });
    return session;
  };
  const loaded = await load();
  ort.InferenceSession.create = create;
  return {
    loaded,
    print() {
      session!.endProfiling();
      const last = readdirSync(folder).sort().at(-1)!;
      printTable(JSON.parse(readFileSync(join(folder, last), "utf8")) as Event[]);
      rmSync(folder, { recursive: true });
    },
  };
}

function printTable(events: readonly Event[]): void {
  const runs = events.filter(({ name }) => name === "model_run").sort((a, b) => a.ts - b.ts);
  const from = runs[Math.min(2, runs.length - 1)]!.ts;
  const counted = runs.filter(({ ts }) => ts >= from);
  const times = new Map<string, { us: number; nodes: number }>();
  for (const { cat, name, ts, dur, args } of events) {
    if (cat !== "Node" || !name.endsWith("_kernel_time") || ts < from) continue;
    const sum = times.get(args!.op_name!) ?? { us: 0, nodes: 0 };
    times.set(args!.op_name!, { us: sum.us + dur, nodes: sum.nodes + 1 });
  }
  const all = [...times].sort(([, a], [, b]) => b.us - a.us);
  const total = all.reduce((sum, [, { us }]) => sum + us, 0);
  const run = counted.reduce((sum, { dur }) => sum + dur, 0);
  const ms = (us: number) => (us / counted.length / 1e3).toFixed(2).padStart(9);
  console.log(
    `  profile of ${counted.length} runs, ms each: ${ms(run).trim()}, of which in operators ${ms(total).trim()}`,
  );
  for (const [op, { us, nodes }] of all) {
    if (us / total < 0.005) break;
    const share = ((100 * us) / total).toFixed(1).padStart(6);
    console.log(`  ${op.padEnd(24)}${ms(us)} ms ${share} %  ${String(nodes / counted.length).padStart(5)} nodes`);
  }
}
