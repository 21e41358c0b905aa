import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
// @ts-expect-error plain JavaScript, so that any Node runs it before anything is installed
import { SetupError, setup } from "../setup.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reprise-setup-"));
  writeFileSync(join(folder, "package-lock.json"), "{}");
  writeFileSync(join(folder, ".npmrc"), "ignore-scripts=true\n");
});
afterEach(() => rmSync(folder, { recursive: true }));
const say = () => {};

test("installs once, then does nothing until the lockfile changes", () => {
  const install = vi.fn(() => true);
  setup({ folder, install, say });
  setup({ folder, install, say });
  expect(install).toHaveBeenCalledTimes(1);
  writeFileSync(join(folder, "package-lock.json"), '{"changed":true}');
  setup({ folder, install, say });
  expect(install).toHaveBeenCalledTimes(2);
});

test("never runs install scripts", () => {
  const install = vi.fn((_folder: string, _args: string[]) => true);
  setup({ folder, install, say });
  expect(install.mock.calls[0]![1]).toContain("--ignore-scripts");
});

test("an install that fails is tried again, and leaves no lock", () => {
  expect(() => setup({ folder, install: () => false, say })).toThrow("npm install failed; its lines above say why.");
  expect(existsSync(join(folder, "node_modules", ".reprise-setup.lock"))).toBe(false);
  const install = vi.fn(() => true);
  setup({ folder, install, say });
  expect(install).toHaveBeenCalledTimes(1);
});

test("a second setup at the same time is told to wait; a lock left behind is taken over", () => {
  const lock = join(folder, "node_modules", ".reprise-setup.lock");
  mkdirSync(lock, { recursive: true });
  const install = vi.fn(() => true);
  expect(() => setup({ folder, install, say })).toThrow("another setup is running in this folder.");
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(lock, longAgo, longAgo);
  setup({ folder, install, say });
  expect(install).toHaveBeenCalledTimes(1);
});

test("an old Node is refused before anything is touched", () => {
  expect(() => setup({ folder, version: "18.20.4", say })).toThrow(SetupError);
  expect(() => setup({ folder, version: "18.20.4", say })).toThrow(
    "Node 18.20.4 is too old: Reprise needs Node 20 or later",
  );
  expect(readdirSync(folder)).not.toContain("node_modules");
});
