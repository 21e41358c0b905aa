import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFolder } from "../src/server/database/lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reprise-lock-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

test("a missing folder is made; unlocking leaves nothing in it", () => {
  const inner = join(folder, "a", "b");
  const unlock = lockFolder(inner);
  expect(readdirSync(inner)).toEqual(["lock"]);
  unlock();
  expect(readdirSync(inner)).toEqual([]);
});

test("a second lock is refused, with the folder, the process and what to do; the first stays", () => {
  const unlock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(
    `the data folder ${folder} is in use by process ${process.pid} on ${hostname()}: stop it, or start this one with --data-dir OTHER`,
  );
  expect(readdirSync(folder)).toEqual(["lock"]);
  unlock();
  lockFolder(folder)();
});

test.each([
  ["of a process that is gone", JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: null })],
  [
    "of an earlier process with the pid of a living one",
    JSON.stringify({ pid: process.pid, host: hostname(), started: "1" }),
  ],
  ["that is no JSON", "half writ"],
  ["that is empty", ""],
])("a lock %s is taken over", (_, content) => {
  writeFileSync(join(folder, "lock"), content);
  const unlock = lockFolder(folder);
  expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
  expect(readdirSync(folder)).toEqual(["lock"]);
  unlock();
  expect(existsSync(join(folder, "lock"))).toBe(false);
});

test("a lock from another machine is respected: that process cannot be asked from here", () => {
  writeFileSync(join(folder, "lock"), JSON.stringify({ pid: 1, host: "elsewhere", started: null }));
  expect(() => lockFolder(folder)).toThrow("in use by process 1 on elsewhere");
});

test("unlocking does not remove a lock that somebody else has taken since", () => {
  const unlock = lockFolder(folder);
  writeFileSync(join(folder, "lock"), JSON.stringify({ pid: 1, host: "elsewhere", started: null }));
  unlock();
  expect(existsSync(join(folder, "lock"))).toBe(true);
});

test("a file in the folder's place is one clear line", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => lockFolder(file)).toThrow(/data folder .*file cannot be written \(EEXIST\).*--data-dir DIR/);
});
