// The experiments of Bag of Tricks for Efficient Text Classification.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError, shareInterval } from "@reprise/data";
import { createFolder, writeFileAtomic } from "@reprise/data/node";
import { evaluate, type Progress, train } from "@reprise/fasttext";
import { type Experiment, experiments, key } from "@reprise/fasttext/reproduce";
import { ProgressLine, printResult, textTable } from "../../report.ts";
import { interruption } from "../adversarial/interruption.ts";
import type { ReproduceFlags } from "./flags.ts";
import { machine, version } from "./provenance.ts";
import { publish, readResults } from "./publish.ts";
import type { ResultRecord } from "./record.ts";
import { isAt, readTexts, type Texts } from "./texts.ts";

/** Trains and tests what is not yet in OUT, writes OUT/records.json, prints the tables. */
export async function reproduceFasttext(flags: ReproduceFlags): Promise<void> {
  const { data, out, seed, json } = flags;
  for (const name of ["images", "optimizer", "jobs"] as const)
    if (flags[name] !== undefined) throw new Error(`reproduce: --${name} is nothing that ${key} has.`);
  if (flags.publish !== undefined) await readResults(flags.publish); // fails before the work, not after it
  const wanted = experiments.filter(({ table }) => flags.only?.includes(table) ?? true);
  const here = wanted.filter((experiment) => isAt(experiment.data, data));
  const missing = [...new Set(wanted.filter((experiment) => !here.includes(experiment)).map((each) => each.data))];
  const where = data === undefined ? "give their folder with --data" : `not in ${data}`;
  const missingText = `Not run: ${missing.map(({ name, place }) => `${name} (${place})`).join(", ")}; ${where}.`;
  if (here.length === 0) throw new Error(`reproduce: there is no data. ${missingText}`);
  await createFolder(out);
  const progress = new ProgressLine();
  const { signal, done } = interruption(`What is finished is in ${out}; the same command goes on from there.`);
  const records: ResultRecord[] = [];
  let texts: { readonly of: Experiment["data"]; readonly read: Texts } | undefined;
  try {
    for (const [i, experiment] of here.entries()) {
      signal.throwIfAborted();
      const what = `${i + 1} of ${here.length}: ${experiment.data.name}, ${experiment.column}`;
      progress.show(`${what}: reading`);
      const pause = (read: string) => {
        signal.throwIfAborted();
        progress.show(`${what}: ${read} read`);
      };
      if (texts?.of !== experiment.data)
        texts = { of: experiment.data, read: await readTexts(experiment.data, data, pause) };
      const settings = { ...experiment.settings, ...(flags.epochs === undefined ? {} : { epoch: flags.epochs }), seed };
      const command = commandOf(experiment, flags);
      const known = await recordIn(out, experiment, { command, dataSha256: texts.read.sha256 });
      const record =
        known ??
        (await run(experiment, settings, texts.read, command, signal, (now) => progress.show(`${what}: ${now}`)));
      if (!known) await writeFileAtomic(pathOf(out, experiment), `${JSON.stringify(record, null, 2)}\n`);
      records.push(record);
    }
  } finally {
    progress.end();
    done();
  }
  await writeFileAtomic(join(out, "records.json"), `${JSON.stringify({ key, records }, null, 2)}\n`);
  if (flags.publish !== undefined) {
    const without = wanted.filter((experiment) => !here.includes(experiment)).map(({ id }) => id);
    await publish(flags.publish, records, without);
  }
  printResult(json, { key, records, missing: missing.map(({ name }) => name) }, () =>
    [
      textTable(
        ["", "claimed", "reproduced", "95 % interval"],
        records.map(({ row, column, claimed, value, interval }) => [
          `${row}: ${column}`,
          claimed ?? "not in the paper",
          value,
          interval,
        ]),
      ),
      ...(missing.length > 0 ? ["", missingText] : []),
    ].join("\n"),
  );
}

async function run(
  { id, table, data, column, claimed }: Experiment,
  settings: Experiment["settings"] & { readonly seed: number },
  texts: Texts,
  command: string,
  signal: AbortSignal,
  tell: (now: string) => void,
): Promise<ResultRecord> {
  const started = performance.now();
  const onProgress = (now: Progress) =>
    tell(
      now.kind === "training"
        ? `${((100 * now.done) / now.total).toFixed(0)} %, ${now.secondsLeft.toFixed(0)} s left`
        : "reading",
    );
  const model = await train(texts.train.shuffled(settings.seed), settings, { signal, onProgress });
  const { hits, predicted } = evaluate(model, [texts.test.bytes]).all;
  const { share, low, high } = shareInterval(hits, predicted);
  const text = (x: number) => (100 * x).toFixed(1);
  return {
    id,
    table,
    row: data.name,
    column,
    claimed: claimed === null ? null : claimed.toFixed(1),
    value: text(share),
    interval: `${text(low)} to ${text(high)} (${predicted.toLocaleString("en")} lines)`,
    number: share,
    low,
    high,
    examples: predicted,
    command,
    seed: settings.seed,
    dataSha256: texts.sha256,
    version: version(),
    machine: machine(),
    seconds: Number(((performance.now() - started) / 1000).toPrecision(3)),
    date: new Date().toISOString(),
  };
}

function pathOf(out: string, { id }: Experiment): string {
  return join(out, `${id.replaceAll("/", "-")}.json`);
}

/** The record of an earlier run, if it is of the same data and settings. */
async function recordIn(
  out: string,
  experiment: Experiment,
  { command, dataSha256 }: Pick<ResultRecord, "command" | "dataSha256">,
): Promise<ResultRecord | undefined> {
  const path = pathOf(out, experiment);
  const text = await readFile(path, "utf8").catch(() => undefined);
  let record: ResultRecord | undefined;
  try {
    record = text === undefined ? undefined : (JSON.parse(text) as ResultRecord);
  } catch (cause) {
    throw new DataError(path, `is not the record of a run (${(cause as Error).message}); delete it to run it again.`, {
      cause,
    });
  }
  return record?.command === command && record.dataSha256 === dataSha256 ? record : undefined;
}

/** The command that gives this value anew. */
function commandOf({ data: { kind } }: Experiment, { seed, epochs }: ReproduceFlags): string {
  return [
    `reprise reproduce ${key}`,
    ...(kind === "questions" ? [] : ["--data DIR"]),
    `--seed ${seed}`,
    ...(epochs === undefined ? [] : [`--epochs ${epochs}`]),
  ].join(" ");
}
