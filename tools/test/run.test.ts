import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

const run = (code: string) =>
  spawnSync(process.execPath, ["tools/run.mjs", "--bin", "node", "-e", code], { cwd: root, encoding: "utf8" }).status;

test.each([
  ["process.exit(0)", 0],
  ["process.exit(3)", 3],
  ["process.kill(process.pid, 'SIGINT')", 128 + constants.signals.SIGINT],
  ["process.kill(process.pid, 'SIGTERM')", 128 + constants.signals.SIGTERM],
  ["process.kill(process.pid, 'SIGKILL')", 128 + constants.signals.SIGKILL],
])("a program that does %s ends the run with code %i", (code, expected) => {
  expect(run(code)).toBe(expected);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "npm start passes %s on: the server stops in order",
  {
    timeout: 60_000,
  },
  async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), "reprise-start-"));
    const child = spawn("npm", ["start", "--", "--port", "0", "--data-dir", join(folder, "data")], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: "" },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text) => {
        said += text;
        if (/Reprise is at/.test(text)) child.kill(signal);
      });
    const code = await new Promise((resolve) => child.on("close", resolve)); // close: the server's own output has ended
    expect(said).toContain("stopping");
    expect(code).toBe(0);
    expect(readdirSync(join(folder, "data")).sort()).toEqual(["lock.db", "pglite"]);
    rmSync(folder, { recursive: true });
  },
);
