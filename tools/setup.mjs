// Makes a bare clone ready: installs from the lockfile when it changed or a former install was cut off.
// Plain JavaScript without dependencies, so that Node 20 runs it before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "node_modules", ".reprise-setup");

/** The pinned Node where npm has one for this platform, else the Node that runs this. */
export function pinnedNode() {
  const pinned = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
  return existsSync(pinned) ? pinned : process.execPath;
}

/** Hash of everything that decides what an install gives. */
function wanted() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const file of ["package-lock.json", ".npmrc"]) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Installs what is missing; does nothing, in milliseconds, when nothing changed. */
export function setup() {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major < 20) fail(`Node ${process.versions.node} is too old: Reprise needs Node 20 or later to set itself up.`);
  const hash = wanted();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  const why = existsSync(join(root, "node_modules")) ? "the lockfile changed or an install was cut off" : "first run";
  console.error(`setup: installing packages from package-lock.json (${why}); about a minute, 1.1 GB`);
  rmSync(stamp, { force: true });
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : [process.platform === "win32" ? "npm.cmd" : "npm", []];
  const { status, error } = spawnSync(
    command,
    [...args, "install", "--no-save", "--ignore-scripts", "--loglevel=error"],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", NODE_ENV: "" },
    },
  );
  if (error) fail(`npm could not be started: ${error.message}. Install npm and run this again.`);
  if (status !== 0)
    fail(
      `npm install failed with code ${status}; the lines above say why. Nothing is kept half done: run the same command again.`,
    );
  writeFileSync(stamp, hash);
  console.error("setup: done");
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) setup();
