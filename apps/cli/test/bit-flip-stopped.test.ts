// A search that is stopped, killed or out of disk: what is kept, and that the same command goes on to the same flips.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import type { AttackDocument } from "@reprise/bit-flip";
import { expect, test } from "vitest";
import { at, bin, given, json, stoppedAfter, withModel } from "./bit-flip-models.ts";

withModel();

const limits = ["--stop-accuracy", "0", "--flips", "12", "--random-trials", "0"];
const attack = () => ["attack", at("m.onnx"), "--bits", "8", ...given(), ...limits];

test("killed: the same command goes on to the same flips, another one is refused", async () => {
  const out = at("killed");
  const { kept } = await stoppedAfter(3, attack(), { out, by: "SIGKILL" });
  expect(kept).toBeGreaterThanOrEqual(3);
  expect(existsSync(at("killed/results.json"))).toBe(false);
  await expect(json(...attack(), "--bits", "7", "--out", out)).rejects.toThrow(/holds a part of another run: model is/);
  const resumed = (await json(...attack(), "--out", out)) as AttackDocument;
  expect(resumed.flips).toEqual(((await json(...attack())) as AttackDocument).flips);
  expect(existsSync(at("killed/partial"))).toBe(false);
});

test("Ctrl-C: says what is kept, and the same command goes on to the same flips", async () => {
  const out = at("stopped");
  const { code, said } = await stoppedAfter(2, attack(), { out, by: "SIGINT" });
  expect(code).toBe(1);
  expect(said).toMatch(/\d+ steps? (is|are) kept in .*partial; the same command goes on from there\./);
  const resumed = (await json(...attack(), "--out", out)) as AttackDocument;
  expect(resumed.flips).toEqual(((await json(...attack())) as AttackDocument).flips);
});

test("a disk that is full: one line, the steps are kept, and with room the same command ends in the same flips", async () => {
  const out = at("full");
  // Files of more than 2 KiB cannot be written: the steps can, the report cannot.
  const child = spawn(
    "bash",
    ["-c", 'ulimit -f 2; exec "$0" "$@"', process.execPath, bin, "bit-flip", ...attack(), "--out", out],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, NODE_COMPILE_CACHE: "" },
    },
  );
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const [code] = await once(child, "close");
  expect(said).toMatch(/^reprise: .*full\/\w+\.\w+.* cannot be written: .*$/m);
  expect(code).toBe(1);
  expect(existsSync(at("full/results.json"))).toBe(false);
  expect(readdirSync(at("full/partial")).length).toBeGreaterThan(0);
  const resumed = (await json(...attack(), "--out", out)) as AttackDocument;
  expect(resumed.flips).toEqual(((await json(...attack())) as AttackDocument).flips);
  expect(existsSync(at("full/partial"))).toBe(false);
});
