import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { lockFolder } from "../src/server/database/lock.ts";

const holder = fileURLToPath(new URL("./fixtures/holder.ts", import.meta.url));
const heartbeat = 200;
let folder = "";
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reprise-lock-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

/** Another process that takes the folder; `said` is its first line: "held", or why it was refused. */
async function another(program = process.execPath, ...before: string[]) {
  const args = program === process.execPath ? [] : [...before, process.execPath];
  const child = spawn(program, [...args, holder, folder, String(heartbeat)], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const said = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.on("exit", () => resolve("ended without a word"));
  });
  return { child, said, ended };
}

const lockFile = (change: object = {}) => ({
  id: "x",
  pid: 1,
  host: "elsewhere",
  kernel: "another",
  beat: 3,
  ...change,
});
const writeLock = (change: object = {}, secondsAgo = 0) => {
  writeFileSync(join(folder, "lock"), JSON.stringify(lockFile(change)));
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, "lock"), then, then);
};

test("a missing folder is made; unlocking leaves the empty file whose lock the kernel held", async () => {
  const inner = join(folder, "a", "b");
  const unlock = await lockFolder(inner);
  expect(readdirSync(inner).sort()).toEqual(["lock", "lock.db"]);
  unlock();
  expect(readdirSync(inner)).toEqual(["lock.db"]);
  (await lockFolder(inner))();
});

test("a second lock is refused, with the folder, the process and what to do; the first stays", async () => {
  const unlock = await lockFolder(folder);
  const message = `the data folder ${folder} is in use by process ${process.pid} on ${hostname()}: stop it, or start this one with --data-dir OTHER`;
  await expect(lockFolder(folder)).rejects.toThrow(message);
  expect((await another()).said).toBe(message);
  expect(readdirSync(folder).sort()).toEqual(["lock", "lock.db"]);
  unlock();
  (await lockFolder(folder))();
});

test("the message does without the name of the holder when its file is gone", async () => {
  const unlock = await lockFolder(folder);
  rmSync(join(folder, "lock"));
  await expect(lockFolder(folder)).rejects.toThrow(/is in use by another process: stop it/);
  unlock();
});

test.each(["SIGKILL", "SIGTERM"] as const)(
  "a holder ended by %s gives the folder to the next at once",
  async (signal) => {
    const first = await another();
    expect(first.said).toBe("held");
    first.child.kill(signal);
    await first.ended;
    expect(existsSync(join(folder, "lock"))).toBe(signal === "SIGKILL");
    const start = performance.now();
    (await lockFolder(folder, { heartbeat: 60_000 }))();
    expect(performance.now() - start).toBeLessThan(5000);
  },
);

test("of several that start at once, one has the folder", async () => {
  const all = await Promise.all([another(), another(), another(), another()]);
  expect(all.map(({ said }) => said.replace(/.* is in use by .*/, "refused")).sort()).toEqual([
    "held",
    "refused",
    "refused",
    "refused",
  ]);
});

/** A command under process and host names of its own, as in a container; null where this user may not make them. */
const unshare = ["--uts", "--pid", "--fork", "--mount-proc"];
const noNamespaces = spawnSync("unshare", [...unshare, "true"]).status !== 0;
const container = (name: string) =>
  another("unshare", ...unshare, "--kill-child", "sh", "-c", `hostname ${name}; exec "$@"`, "sh");

describe.skipIf(noNamespaces)(
  `in process namespaces${noNamespaces ? " (skipped: unshare does not work for this user)" : ""}`,
  () => {
    test("two containers, in which both are process 1, do not share a folder; a container made anew takes over", async () => {
      const first = await container("first");
      expect(first.said).toBe("held");
      const { said } = await container("second");
      expect(said).toMatch(/^the data folder .* is in use by process \d+ on first: stop it, or start/);
      await expect(lockFolder(folder)).rejects.toThrow(/on first: stop it/);
      first.child.kill("SIGKILL");
      await first.ended;
      expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8")).host).toBe("first"); // left by the killed one
      await vi.waitFor(async () => expect((await container("third")).said).toBe("held"), { timeout: 20_000 });
      expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8")).host).toBe("third");
    });
  },
);

test("a lock of another machine holds as long as its heart beats", async () => {
  writeLock();
  const beats = setInterval(() => writeLock({ beat: performance.now() }), 50);
  await expect(lockFolder(folder, { heartbeat })).rejects.toThrow(
    `the data folder ${folder} is in use by process 1 on elsewhere, which gave a sign of life just now: stop it, or start this one with --data-dir OTHER. If it is gone, start again in 1 seconds; nothing needs to be deleted.`,
  );
  clearInterval(beats);
});

test("a lock of another machine whose heart stands still is waited for, then taken over", async () => {
  writeLock();
  const start = performance.now();
  const unlock = await lockFolder(folder, { heartbeat });
  expect(performance.now() - start).toBeGreaterThan(2 * heartbeat);
  expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8")).pid).toBe(process.pid);
  unlock();
});

test.each([
  ["long without a beat", JSON.stringify(lockFile())],
  ["of an earlier version", JSON.stringify({ pid: 1, host: hostname(), started: null })],
  ["that is no JSON", "half writ"],
  ["that is empty", ""],
])("a lock %s is taken over at once", async (_, content) => {
  writeFileSync(join(folder, "lock"), content);
  utimesSync(join(folder, "lock"), 1000, 1000);
  const start = performance.now();
  const unlock = await lockFolder(folder, { heartbeat: 10_000 });
  expect(performance.now() - start).toBeLessThan(5000);
  expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
  unlock();
  expect(readdirSync(folder)).toEqual(["lock.db"]);
});

test("who loses the folder is told, and does not remove the lock of the other", async () => {
  const lost: string[] = [];
  const unlock = await lockFolder(folder, { heartbeat, onLost: (error) => lost.push(error.message) });
  const { beat } = JSON.parse(readFileSync(join(folder, "lock"), "utf8"));
  await vi.waitFor(() => expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8")).beat).toBeGreaterThan(beat));
  writeFileSync(join(folder, "theirs"), JSON.stringify(lockFile()));
  renameSync(join(folder, "theirs"), join(folder, "lock"));
  await vi.waitFor(() => expect(lost).toHaveLength(1), { timeout: 5000 });
  expect(lost[0]).toBe(
    `the data folder ${folder} was taken over by process 1 on elsewhere while this process did not answer: this one must stop, so that the two do not write over each other`,
  );
  unlock();
  expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8")).host).toBe("elsewhere");
});

test("a file in the folder's place, and a folder in the lock's place, are one clear line each", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  await expect(lockFolder(file)).rejects.toThrow(
    `the data folder ${file} cannot be written (EEXIST): a file stands in the folder's place; move it away, or give another folder with --data-dir DIR`,
  );
  await expect(lockFolder(join(file, "below"))).rejects.toThrow(
    /cannot be written \(ENOTDIR\): a part of the path is a file, not a folder; move it away, or/,
  );
  // Node's own recursive mkdir never ends there.
  if (process.platform === "linux")
    await expect(lockFolder("/proc/nowhere")).rejects.toThrow(
      "the data folder /proc/nowhere cannot be written (ENOENT): a part of the path does not exist; create it, or give another folder with --data-dir DIR",
    );
  mkdirSync(join(folder, "lock.db"));
  await expect(lockFolder(folder)).rejects.toThrow(
    /cannot be used: .*lock\.db cannot be opened: unable to open database file, or give another folder/,
  );
});
