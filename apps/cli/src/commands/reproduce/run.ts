// Runs what is left of a paper's tables, writes OUT/records.json, prints the tables.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { durationText } from "@reprise/data";
import { createFolder, writeFileAtomic } from "@reprise/data/node";
import {
  type Data,
  flagOf,
  type MissingData,
  type NodeExperiments,
  type Paper,
  planOf,
  type ResultRecord,
  recordsOf,
  runPlan,
  type Settings,
  textTable,
  type Value,
  type VerbContext,
  type VerbResult,
} from "@reprise/experiment";
import { codeVersion, folderStore, machine, publish, readResults } from "@reprise/experiment/node";
import { loadEntry } from "@reprise/papers";
import manifest from "../../../package.json" with { type: "json" };
import type { OptionValue } from "./paper-options.ts";

export interface ReproduceOptions {
  readonly parts: readonly string[];
  /** Of the paper's options. */
  readonly settings: Readonly<Record<string, OptionValue>>;
  readonly out: string;
  readonly publish: string | undefined;
}

export async function reproduce(
  paper: Paper,
  options: ReproduceOptions,
  { signal, onStop, progress }: VerbContext,
): Promise<VerbResult> {
  const { data, ...others } = options.settings;
  const folder = data as string | undefined;
  const { parts, out } = options;
  if (options.publish !== undefined) await readResults(options.publish); // fails before the work, not after it
  const { experiments } = (await loadEntry(paper.method, "experiments/node")) as { experiments: NodeExperiments };
  onStop(() => `What is finished is in ${out}; the same command goes on from there.`);
  const started = performance.now();
  const opened = await experiments
    .open({
      ...{ folder, content: contentOf(paper), parts, signal },
      // Commands in records name no folder of this machine.
      settings: folder === undefined ? others : { ...others, data: "DIR" },
      onProgress: ({ text }) => progress.show(text),
    })
    .finally(() => progress.end());
  try {
    const { settings } = opened;
    const values = experiments.values({ parts, settings, data: opened.data });
    const missing = missingText(opened.missing, folder);
    if (values.length === 0) throw new Error(`reproduce: there is no data. ${missing}`);
    await createFolder(out);
    const plan = await planOf(values, { store: folderStore(out), signal });
    const version = codeVersion(manifest.version, import.meta.dirname);
    const results = await runPlan(plan, {
      ...{ lanes: opened.lanes, signal },
      provenance: () => ({ version, machine: machine(), date: new Date().toISOString() }),
      onProgress({ done: seconds, total, text, secondsLeft }) {
        const left = Number.isFinite(secondsLeft) ? `, ${durationText(Math.ceil(secondsLeft))} left` : "";
        progress.show(`${((100 * seconds) / total).toFixed(0).padStart(3)} %  ${text}${left}`);
      },
    });
    progress.end();
    const records = recordsOf(plan, results, (which) => commandOf(paper, which));
    await writeFileAtomic(join(out, "records.json"), `${JSON.stringify({ key: paper.key, records }, null, 2)}\n`);
    if (options.publish !== undefined) {
      const ids = experiments.values({ parts, settings, data: (name) => opened.data(name) ?? absent(name) });
      const without = ids.map(({ id }) => id).filter((id) => !records.some((record) => record.id === id));
      await publish(options.publish, records, without);
    }
    const seconds = (performance.now() - started) / 1000;
    const command = commandOf(paper, { ...values[0]!.settings, only: undefined });
    const report = { key: paper.key, command, seconds, records, missing: opened.missing.map(({ name }) => name) };
    const text = () =>
      [
        ...parts.flatMap((part) => tableText(paper, part, values, records)),
        ...(opened.missing.length > 0 ? [missing, ""] : []),
        `${command}: ${durationText(seconds)} for what was not there yet; records in ${join(out, "records.json")}`,
      ].join("\n");
    return { result: report, text };
  } finally {
    await opened.release();
  }
}

/** The command that gives values of these settings anew. */
function commandOf({ key }: Paper, settings: Settings): string {
  const flags = Object.entries(settings).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return [value === true ? flagOf(name) : `${flagOf(name)} ${[value].flat().join(",")}`];
  });
  return [`reprise reproduce ${key}`, ...flags].join(" ");
}

function tableText(
  { experiments }: Paper,
  part: string,
  values: readonly Value[],
  records: readonly ResultRecord[],
): string[] {
  const rows = values.flatMap(({ table, unclaimed = "not in the paper" }, i) => {
    if (table !== part) return [];
    const { row, column, claimed, value, interval } = records[i]!;
    return [[`${row}: ${column}`, claimed ?? unclaimed, value, interval]];
  });
  if (rows.length === 0) return []; // none of its data is at hand
  const title = `${part.replace(/^table(?=\d)/, "Table ")}: ${experiments[part]!.summary}`;
  return [`${title}\n${textTable(["", "claimed", "reproduced", "95 % interval"], rows)}`, ""];
}

function missingText(missing: readonly MissingData[], folder: string | undefined): string {
  const where = folder === undefined ? "give their folder with --data" : `not in ${folder}`;
  return `Not run: ${missing.map(({ name, place }) => `${name} (${place})`).join(", ")}; ${where}.`;
}

/** Stands for data that is not at hand, to ask which values it would give. */
const absent = (name: string): Data => ({
  ...{ name, sha256: "" },
  load: () => Promise.reject(new Error(`${name} is not at hand`)),
});

/** The folder of the paper's page in the site. */
const contentOf = ({ key }: Paper): string =>
  fileURLToPath(new URL(`../content/${key}`, import.meta.resolve("@reprise/site")));
