import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { claimed, claimedTestErrorBelow } from "@reprise/adversarial";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publish, readResults } from "../src/commands/reproduce/publish.ts";
import type { ResultRecord } from "../src/commands/reproduce/record.ts";

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

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-reproduce-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const record: ResultRecord = {
  id: "table1/fc10-1/test-error",
  table: "table1",
  row: "FC10(1)",
  column: "test error",
  claimed: "20%",
  value: "14.52%",
  interval: "13.84 to 15.22% (10000 images)",
  number: 0.1452,
  low: 0.1384,
  high: 0.1522,
  examples: 10000,
  command: `reprise reproduce ${key} --data DIR --images 1000 --seed 0`,
  seed: 0,
  dataSha256: "abc",
  version: "0.1.0",
  machine: "a machine",
  seconds: 12,
  date: "2026-11-24T00:00:00.000Z",
};

describe("reprise reproduce", () => {
  it("bad input: one line that says what, and exit code 1 or 2", async () => {
    const cases: [args: string[], code: number, line: RegExp][] = [
      [["journals/corr/Nobody99"], 1, /^reprise: reproduce: nothing is known of how to reproduce "journals\/corr\/Nob/],
      [
        [key, "--only", "table1,table9"],
        2,
        /there is no "table9" of .*; choose of table1,table2,table3,table4,regularisation/,
      ],
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

    const kept = join(folder, "run", "shown", (await readdir(join(folder, "run", "shown")))[0]!);
    const { mtimeMs } = await stat(kept);
    const second = await reprise(...args);
    expect((await stat(kept)).mtimeMs).toBe(mtimeMs);
    expect(second.stdout).toMatch(/claimed +reproduced +95 % interval/);
    expect(second.stdout).toMatch(/for FC10\(1\): FC10\(1e-2\) +76\.2% +\d+\.\d\d%/);
  }, 120_000);

  it("killed in the middle (-9), the same command goes on from what was finished, to the same values", async () => {
    const args = [key, "--images", "3", "--epochs", "10", "--only", "table3", "--json"];
    const whole = await reprise(...args, "--out", "whole");
    const finished = join(folder, "killed", "networks", "fc100-100-10-p1.json");
    const killed = await new Promise<string | null>((resolve) => {
      const child = execFile(process.execPath, [main, "reproduce", ...args, "--out", "killed"], { cwd: folder });
      const look = setInterval(() => existsSync(finished) && child.kill("SIGKILL"), 10); // two networks are still to come
      child.on("exit", (_, signal) => {
        clearInterval(look);
        resolve(signal);
      });
    });
    expect(killed).toBe("SIGKILL");
    const { mtimeMs } = await stat(finished);
    const resumed = await reprise(...args, "--out", "killed");
    expect((await stat(finished)).mtimeMs).toBe(mtimeMs);
    const values = ({ stdout }: { stdout: string }) =>
      (JSON.parse(stdout).records as ResultRecord[]).map(({ id, value, interval }) => [id, value, interval]);
    expect(values(resumed)).toEqual(values(whole));
    expect((await readdir(join(folder, "killed", "networks"))).filter((name) => !/\.(json|onnx)$/.test(name))).toEqual(
      [],
    );
  }, 120_000);

  it("publish fills in what was reproduced and leaves the rest, the claims above all", async () => {
    await copyFile(join(content, "results.json"), join(folder, "results.json"));
    const before = await readResults(folder);
    await publish(folder, [...(await everyRecord()), record]);
    const after = await readResults(folder);
    type Row = { record: string; claimed: unknown; reproduced: Record<string, unknown> | null };
    const rows = (from: typeof before) => from.tables.flatMap((table) => table.rows) as unknown as Row[];
    expect(rows(after).map((row) => row.claimed)).toEqual(rows(before).map((row) => row.claimed));
    const filled = rows(after).find((row) => row.record === record.id)!;
    const { value, interval, command, seed, dataSha256, version, machine, seconds, date } = record;
    expect(filled.reproduced).toEqual({
      ...{ value, interval, command, seed, dataSha256, version, machine, seconds, date },
    });
    const other = rows(before).findIndex((row) => row.record.startsWith("table4/"));
    expect(rows(after)[other]).toEqual(rows(before)[other]);

    await expect(publish(folder, [record])).rejects.toThrow(
      /results\.json: row "FC10\(10⁻⁴\)" names the record table1\/fc10-1e-4\/test-error, of which there is none/,
    );
    await writeFile(join(folder, "results.json"), '{"tables": []}');
    await expect(readResults(folder)).rejects.toThrow(/has no row with a "record"/);
    await writeFile(join(folder, "results.json"), "{");
    await expect(readResults(folder)).rejects.toThrow(/is not JSON/);
  });

  it("the site claims what the method's tables claim", async () => {
    const { tables } = JSON.parse(await readFile(join(content, "results.json"), "utf8"));
    const rows = tables.flatMap((table: { rows: unknown[] }) => table.rows) as {
      record: string;
      claimed: { value: string; source: string };
    }[];
    for (const { record: id, claimed: claim } of rows) {
      if (id.startsWith("regularisation/")) {
        const value = id.includes("adversarial-layers") ? `below ${claimedTestErrorBelow}%` : "not verified";
        expect(claim, id).toEqual({ value, source: "§4.2" });
        continue;
      }
      const table = claimed.find(({ name }) => name.toLowerCase().replace(" ", "") === id.split("/")[0])!;
      const values = table.rows.flatMap((row) => row.values);
      expect(claim.source, id).toBe(table.name);
      expect(values, id).toContain(Number(claim.value.replace("%", "")));
    }
  });
});

/** A record for every row of Table 1 on the site. */
async function everyRecord(): Promise<ResultRecord[]> {
  const { tables } = await readResults(content);
  return tables
    .flatMap(({ rows }) => rows.flatMap(({ record: id }) => (id?.startsWith("table1/") ? [id] : [])))
    .filter((id) => id !== record.id)
    .map((id) => ({ ...record, id }));
}
