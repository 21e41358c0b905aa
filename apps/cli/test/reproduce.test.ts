import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResultRecord } from "@reprise/experiment";
import { readResults } from "@reprise/experiment/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const key = "journals/corr/SzegedyZSBEGF13";
const content = fileURLToPath(new URL(`../../site/content/${key}/`, import.meta.url));
let folder: string;

function reprise(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, "reproduce", ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** A step's result in a reproduction's folder. */
function oneResult(out: string, kind: string): string {
  return join(folder, out, globSync(`steps/adversarial/${kind}/*/result.json`, { cwd: join(folder, out) })[0]!);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-reproduce-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("reprise reproduce", () => {
  it("bad input: one line that says what, and exit code 1 or 2", async () => {
    const cases: [args: string[], code: number, line: RegExp][] = [
      [["journals/corr/Nobody99"], 1, /^reprise: reproduce: nothing is known of how to reproduce "journals\/corr\/Nob/],
      [
        [key, "--only", "table1,table9"],
        2,
        /there is no "table9" of .*; choose of table1,table2,table3,table4,regularisation/,
      ],
      [
        [key, "--images", "1"],
        2,
        /option '--images <n>' argument '1' is invalid\. Expected a whole number from 2 up\./,
      ],
      [[key, "--optimizer", "rmsprop"], 2, /argument 'rmsprop' is invalid\. Allowed choices are sgd, adam, lbfgs\./],
      [
        [key, "--jobs", "2"],
        2,
        /--jobs is an option of regularisation only: name that with --only, or leave the option out\./,
      ],
      [["journals/corr/JoulinGBM16", "--images", "5"], 2, /--images is not an option of journals\/corr\/JoulinGBM16\./],
      [[key, "--images", "600"], 1, /images is 600; expected 2 to 500, which both parts of the data have/],
      [[key, "--publish", "nowhere"], 1, /nowhere\/results\.json: cannot be read: there is no such file/],
    ];
    for (const [args, code, line] of cases) {
      const outcome = await reprise(...args);
      expect(outcome.stderr).toMatch(line);
      expect([outcome.code, outcome.stdout]).toEqual([code, ""]);
    }
  });

  it("runs, says when it is stopped how to go on, and goes on; the second run computes nothing", async () => {
    const args = [key, "--images", "3", "--epochs", "2", "--only", "table2", "--out", "run"];
    const stopped = await new Promise<{ code: number; stderr: string }>((resolve) => {
      const child = execFile(process.execPath, [main, "reproduce", ...args], { cwd: folder }, (error, _, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stderr }),
      );
      child.stderr!.once("data", () => child.kill("SIGINT")); // the first line of progress: it runs
    });
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(
      /reprise: interrupted\. What is finished is in run; the same command goes on from there\.\n$/,
    );
    const first = await reprise(...args, "--json");
    expect(first.stderr).not.toMatch(/reprise:/);
    const { records, command } = JSON.parse(first.stdout) as { records: ResultRecord[]; command: string };
    expect(command).toBe(`reprise reproduce ${key} --images 3 --seed 0 --epochs 2`);
    const shown = records.find(({ id }) => id === "table2/fc10-1/fc10-1e-2")!;
    expect(shown).toMatchObject({ claimed: "76.2%", examples: 3, seed: 0, command, table: "table2" });
    expect(shown.value).toMatch(/^(0\.00|33\.33|66\.67|100\.00)%$/);
    expect(shown.version).toMatch(/^0\.1\.0/);
    expect(JSON.parse(await readFile(join(folder, "run", "records.json"), "utf8"))).toEqual({ key, records });
    // The site's rows of Table 2 have records, and claim what these say the paper claims.
    for (const row of (await readResults(content)).tables.flatMap(({ rows }) => rows)) {
      if (!row.record?.startsWith("table2/")) continue;
      const claim = records.find(({ id }) => id === row.record)?.claimed;
      expect(Number.parseFloat(claim!), row.record).toBe(Number.parseFloat(row.claimed!.value));
    }

    const kept = oneResult("run", "show");
    const { mtimeMs } = await stat(kept);
    const second = await reprise(...args);
    expect((await stat(kept)).mtimeMs).toBe(mtimeMs);
    expect(second.stdout).toMatch(/claimed +reproduced +95 % interval/);
    expect(second.stdout).toContain("Table 2: errors of six networks on each other's adversarial examples");
    expect(second.stdout).toMatch(/for FC10\(1\): FC10\(1e-2\) +76\.2% +\d+\.\d\d%/);
  }, 120_000);

  it("killed in the middle (-9), the same command goes on from what was finished, to the same values", async () => {
    const args = [key, "--images", "3", "--epochs", "10", "--only", "table3", "--json"];
    const whole = await reprise(...args, "--out", "whole");
    const killed = await new Promise<string | null>((resolve) => {
      const child = execFile(process.execPath, [main, "reproduce", ...args, "--out", "killed"], { cwd: folder });
      const trained = join(folder, "killed", "steps", "adversarial", "train");
      // Two networks are still to come.
      const look = setInterval(() => globSync("*/result.json", { cwd: trained })[0] && child.kill("SIGKILL"), 10);
      child.on("exit", (_, signal) => {
        clearInterval(look);
        resolve(signal);
      });
    });
    expect(killed).toBe("SIGKILL");
    const finished = oneResult("killed", "train");
    const { mtimeMs } = await stat(finished);
    const resumed = await reprise(...args, "--out", "killed");
    expect((await stat(finished)).mtimeMs).toBe(mtimeMs);
    const values = ({ stdout }: { stdout: string }) =>
      (JSON.parse(stdout).records as ResultRecord[]).map(({ id, value, interval }) => [id, value, interval]);
    expect(values(resumed)).toEqual(values(whole));
  }, 120_000);
});
