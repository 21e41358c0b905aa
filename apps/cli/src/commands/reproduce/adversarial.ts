import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { published } from "@reprise/adversarial";
import { type PartName, type ReproducedValue, reproduce, type Store, tableNames } from "@reprise/adversarial/reproduce";
import type { LabelledImages } from "@reprise/data";
import { createFolder, fileError, loadMnist, mnistSubset, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { ProgressLine, printResult, textTable } from "../../report.ts";
import { interruption } from "../adversarial/interruption.ts";
import type { ReproduceFlags } from "./flags.ts";
import { machine, version } from "./provenance.ts";
import { publish, readResults } from "./publish.ts";
import { type ResultRecord, recordOf } from "./record.ts";

/** Runs what is not yet in OUT, writes OUT/records.json, prints the tables. */
export async function reproduceAdversarial(flags: ReproduceFlags): Promise<void> {
  const { data, out, seed, epochs, optimizer, json } = flags;
  const { key } = published;
  const only = flags.only as readonly PartName[] | undefined;
  if (flags.publish !== undefined) await readResults(flags.publish); // fails before the work, not after it
  await createFolder(out);
  const [train, test] = await Promise.all(
    (["train", "test"] as const).map((split) => (data ? loadMnist(data, { split }) : mnistSubset({ split }))),
  );
  const images = flags.images ?? Math.min(1000, train!.labels.data.length, test!.labels.data.length);
  const dataSha256 = hashOf(train!, test!);
  const code = version();
  // The model has a thread of its own, so that this one solves meanwhile and hears Ctrl-C.
  const runtime = nodeWorkerRuntime({ threads: 1 });
  const jobs = only?.includes("regularisation") ? (flags.jobs ?? Math.min(4, availableParallelism())) : 1;
  const moreRuntimes = Array.from({ length: jobs - 1 }, () => nodeWorkerRuntime({ threads: 1 }));
  const progress = new ProgressLine();
  const { signal, done } = interruption(`What is finished is in ${out}; the same command goes on from there.`);
  const started = performance.now();
  try {
    const values = await reproduce(runtime, {
      train: train!,
      test: test!,
      dataSha256,
      store: folderStore(out),
      provenance: () => ({ version: code, machine: machine(), date: new Date().toISOString() }),
      images,
      seed,
      moreRuntimes,
      signal,
      ...(only ? { only } : {}),
      recipe: { ...(epochs === undefined ? {} : { epochs }), ...(optimizer === undefined ? {} : { optimizer }) },
      onEvent: ({ what, done: share, secondsLeft }) =>
        progress.show(
          `${(100 * share).toFixed(0).padStart(3)} %  ${what}${Number.isFinite(secondsLeft) ? `, ${duration(secondsLeft)} left` : ""}`,
        ),
    });
    progress.end();
    const command = commandOf(key, { ...flags, images });
    const records = values.map((value) => {
      const named = value.table === "regularisation" ? `${command} --only regularisation` : command;
      return recordOf(value, { command: named, seed, dataSha256 });
    });
    await writeFileAtomic(join(out, "records.json"), `${JSON.stringify({ key, records }, null, 2)}\n`);
    if (flags.publish !== undefined) await publish(flags.publish, records);
    const seconds = (performance.now() - started) / 1000;
    printResult(json, { key, command, seconds, records }, () =>
      [
        ...(only ?? tableNames).flatMap((table) => [tableText(table, values, records), ""]),
        `${command}: ${duration(seconds)} for what was not there yet; records in ${join(out, "records.json")}`,
      ].join("\n"),
    );
  } finally {
    progress.end();
    done();
    await Promise.all([runtime, ...moreRuntimes].map((each) => each.release()));
  }
}

/** The command that gives the tables' values anew. Which of them are computed changes none. */
function commandOf(
  key: string,
  { data, images, seed, epochs, optimizer }: Pick<ReproduceFlags, "data" | "images" | "seed" | "epochs" | "optimizer">,
): string {
  return [
    `reprise reproduce ${key}`,
    ...(data === undefined ? [] : ["--data DIR"]),
    `--images ${images} --seed ${seed}`,
    ...(epochs === undefined ? [] : [`--epochs ${epochs}`]),
    ...(optimizer === undefined ? [] : [`--optimizer ${optimizer}`]),
  ].join(" ");
}

function tableText(table: PartName, values: readonly ReproducedValue[], records: readonly ResultRecord[]): string {
  // §4.2 prints more than we could read: only the claim below has been seen.
  const none = table === "regularisation" ? "not verified" : "not in the paper";
  const rows = values.flatMap((value, i) => {
    if (value.table !== table) return [];
    const { claimed, value: ours, interval } = records[i]!;
    return [[`${value.row}: ${value.column}`, claimed ?? none, ours, interval]];
  });
  return `${table === "regularisation" ? "Adversarial training (§4.2)" : table.replace("table", "Table ")}\n${textTable(["", "claimed", "reproduced", "95 % interval"], rows)}`;
}

/** Parts as files; a file is there whole or not at all. */
function folderStore(folder: string): Store {
  return {
    async read(name) {
      const path = join(folder, name);
      try {
        return await readFile(path);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw fileError(path, cause, "read");
      }
    },
    async write(name, bytes) {
      const path = join(folder, name);
      await createFolder(dirname(path));
      await writeFileAtomic(path, bytes);
    },
  };
}

/** SHA-256 of the pixels (float32 in [0, 1]) and labels (int32) of the training set, then of the test set. */
function hashOf(...sets: readonly LabelledImages[]): string {
  const hash = createHash("sha256");
  for (const { images, labels } of sets) hash.update(images.data).update(labels.data);
  return hash.digest("hex");
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}
