// Makes a bare clone ready: installs from the lockfile when it changed or a former install was cut off.
// Plain JavaScript without dependencies, so that Node 20 runs it before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** What stops a setup; its message is for the user. */
export class SetupError extends Error {}

/** The pinned Node where npm has one for this platform, else the Node that runs this. */
export function pinnedNode(folder = root) {
  const pinned = join(folder, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
  return existsSync(pinned) ? pinned : process.execPath;
}

/** Hash of everything that decides what an install gives. */
function wanted(folder) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const file of ["package-lock.json", ".npmrc"]) hash.update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}

/** Runs npm with the arguments; true when it ended well. Its own words go to the user. */
function npm(folder, args) {
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith(".js")
    ? [process.execPath, [cli]]
    : [process.platform === "win32" ? "npm.cmd" : "npm", []];
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", NODE_ENV: "" },
  });
  if (error) throw new SetupError(`npm could not be started (${error.message}). Install npm and run this again.`);
  return status === 0;
}

/**
 * Installs what is missing; does nothing, in milliseconds, when nothing changed.
 *
 * @throws SetupError when Node is too old, the folder cannot be written, another setup runs, or npm fails
 */
export function setup({ folder = root, install = npm, say = console.error, version = process.versions.node } = {}) {
  const [major = 0] = version.split(".").map(Number);
  if (major < 20) throw new SetupError(`Node ${version} is too old: Reprise needs Node 20 or later to set itself up.`);
  const modules = join(folder, "node_modules");
  const stamp = join(modules, ".reprise-setup");
  const lock = join(modules, ".reprise-setup.lock");
  const hash = wanted(folder);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  try {
    accessSync(folder, constants.W_OK);
    mkdirSync(modules, { recursive: true });
  } catch {
    throw new SetupError(
      `${folder} cannot be written, and packages must be installed there. Change its owner or clone into a folder of your own.`,
    );
  }
  hold(lock);
  try {
    const why = existsSync(join(modules, ".package-lock.json"))
      ? "the lockfile changed or an install was cut off"
      : "first run";
    say(`setup: installing packages from package-lock.json (${why}); about a minute, 1.2 GB on disk`);
    rmSync(stamp, { force: true });
    // Not `npm ci`: it refuses a lockfile without the optional packages of other platforms (docs/architecture.md).
    if (!install(folder, ["install", "--no-save", "--ignore-scripts", "--loglevel=error"])) {
      throw new SetupError(
        "npm install failed; its lines above say why. Run the same command again: it goes on where it can.",
      );
    }
    writeFileSync(stamp, hash);
    say("setup: done");
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Takes the lock, or says who may hold it. A folder is made by one process only; one left for 15 minutes is stale. */
function hold(lock) {
  try {
    mkdirSync(lock);
  } catch {
    if (Date.now() - statSync(lock).mtimeMs < 15 * 60_000) {
      throw new SetupError(`another setup is running in this folder. Wait for it; if there is none, delete ${lock}.`);
    }
    rmSync(lock, { recursive: true, force: true });
    mkdirSync(lock);
  }
}

/** setup(), with its errors as one line and exit code 1. */
export function setupOrExit() {
  try {
    setup();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`setup: ${error.message}`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) setupOrExit();
