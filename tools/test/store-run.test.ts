import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paper } from "@reprise/adversarial/paper";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runFile } from "../../apps/site/src/server/content-format.ts";

const tool = fileURLToPath(new URL("../store-run.ts", import.meta.url));
const content = fileURLToPath(new URL(`../../apps/site/content/${paper.key}/run/`, import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-store-run-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (path: string) => runFile.parse(JSON.parse(await readFile(join(path, "result.json"), "utf8")));

test("stores the run of a panel: what the page shows now, with this machine and moment", async () => {
  const before = new Date();
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, paper.key, folder], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  const [stored, shown] = [await read(folder), await read(content)];
  expect(stdout).toBe(`${stored.caption}\n`);
  expect(stored.machine).toContain(`Node ${process.versions.node}`);
  expect(new Date(stored.date).getTime()).toBeGreaterThanOrEqual(before.getTime());
  // Probabilities at the border of two classes depend on the machine's last digits; labels do not.
  const labels = ({ table }: typeof stored) => table?.rows.map((row) => row.map((cell) => String(cell).split(",")[0]));
  const { title, caption, command, image } = shown;
  expect(stored).toMatchObject({ title, caption, command, image });
  expect(labels(stored)).toEqual(labels(shown));
  expect(await readFile(join(folder, "figure.svg"), "utf8")).toMatch(/^<svg /);
}, 60_000);

test("a paper without a panel's run is told, with those that have one", () => {
  const { status, stderr } = spawnSync(process.execPath, [tool, "journals/corr/Nobody99"], { encoding: "utf8" });
  expect(stderr).toMatch(
    /^store-run: no panel declares a stored run of "journals\/corr\/Nobody99"; there are .*Szegedy/,
  );
  expect(status).toBe(2);
});
