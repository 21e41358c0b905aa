import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@reprise/data";
import { type Layout, ModelError } from "@reprise/engine";
import { loadCheckpoint, openLog, saveCheckpoint } from "@reprise/nn/node";
import { afterAll, describe, expect, test } from "vitest";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, readSafetensors } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));

const layouts = { parameters: { "fc.weight": [3, 2], "fc.bias": [3] } as Layout, buffers: { mean: [2] } as Layout };
const random = new Random(5);
const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());
const checkpoint: Checkpoint = {
  state: { parameters: numbers(9), buffers: numbers(2), slots: [numbers(9), numbers(9)], step: 7 },
  batches: { epoch: 1, position: 2, random: random.state },
  noise: random.state,
  config: { network: "fc3", seed: "0" },
};

test("what is written is read back, and any reader finds the weights by name", () => {
  const bytes = encodeCheckpoint(checkpoint, layouts);
  expect(decodeCheckpoint(bytes, layouts)).toEqual(checkpoint);
  const { tensors } = readSafetensors(bytes);
  expect(tensors["fc.weight"]).toEqual({
    dtype: "float32",
    shape: [3, 2],
    data: checkpoint.state.parameters.slice(0, 6),
  });
  expect(Object.keys(tensors).sort()).toEqual([
    "fc.bias",
    "fc.weight",
    "mean",
    "optimizer/0/fc.bias",
    "optimizer/0/fc.weight",
    "optimizer/1/fc.bias",
    "optimizer/1/fc.weight",
  ]);
});

test("another network's or a damaged checkpoint is refused with the file's name", async () => {
  const path = join(folder, "refused.safetensors");
  await saveCheckpoint(path, checkpoint, layouts);
  const other = { parameters: { "fc1.weight": [3, 2], "fc.bias": [3] }, buffers: { mean: [2] } };
  await expect(loadCheckpoint(path, other)).rejects.toThrow(
    /refused\.safetensors: "fc1\.weight" is missing, "fc\.weight" is not expected/,
  );
  const bytes = readFileSync(path);
  for (const length of [0, 40, 400, bytes.length - 1]) {
    writeFileSync(path, bytes.subarray(0, length));
    await expect(loadCheckpoint(path, layouts)).rejects.toThrow(ModelError);
    await expect(loadCheckpoint(path, layouts)).rejects.toThrow(/refused\.safetensors: /);
  }
  writeFileSync(path, "\x02\0\0\0\0\0\0\0{}");
  await expect(loadCheckpoint(path, layouts)).rejects.toThrow(/not a checkpoint of version 1 \(found none\)/);
  await expect(loadCheckpoint(join(folder, "none"), layouts)).rejects.toThrow(
    /none: cannot be read: there is no such file/,
  );
  writeFileSync(join(folder, "plain"), "");
  await expect(saveCheckpoint(join(folder, "plain", "c.st"), checkpoint, layouts)).rejects.toThrow(
    /plain: cannot be created: /,
  );
});

test("a process killed while it writes leaves the old checkpoint whole", async () => {
  const own = join(folder, "killed");
  const path = join(own, "c.safetensors");
  const size = 4_000_000; // 16 MB, which Node writes in pieces
  const big = { parameters: { w: [size] } };
  const state = { parameters: new Float32Array(size).fill(1), buffers: new Float32Array(0), slots: [], step: 1 };
  const first: Checkpoint = { ...checkpoint, state };
  await saveCheckpoint(path, first, big);
  const whole = statSync(path).size;
  const script = `
    import { loadCheckpoint, saveCheckpoint } from ${JSON.stringify(new URL("../src/checkpoint.node.ts", import.meta.url).href)};
    const layouts = { parameters: { w: [${size}] } };
    const next = await loadCheckpoint(${JSON.stringify(path)}, layouts);
    next.state.parameters.fill(2);
    for (;;) await saveCheckpoint(${JSON.stringify(path)}, next, layouts);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  const partial = () => readdirSync(own).filter((name) => sizeIn(own, name) < whole);
  while (partial().length === 0) await new Promise(setImmediate);
  child.kill("SIGKILL");
  await once(child, "exit");
  const left = await loadCheckpoint(path, big);
  // Whole and of one save: the child may have replaced the first before it was caught in a later one.
  expect(left.state.parameters.every((w) => w === left.state.parameters[0])).toBe(true);
  // What the kill left beside it does not disturb the next save.
  await saveCheckpoint(path, first, big);
  expect((await loadCheckpoint(path, big)).state.parameters[0]).toBe(1);
});

/** Its size; whole, if it is gone by now. */
function sizeIn(path: string, name: string): number {
  return statSync(join(path, name), { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY;
}

describe("log", () => {
  const lines = (path: string) =>
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  test("a resume drops later steps and a line cut short", async () => {
    const path = join(folder, "logs", "train.jsonl");
    const log = await openLog(path);
    for (let step = 1; step <= 5; step++) await log.append({ step, loss: 1 / step });
    await log.close();
    appendFileSync(path, '{"step":6,"lo');
    const resumed = await openLog(path, { afterStep: 3 });
    await resumed.append({ step: 4, loss: 0.5 });
    await resumed.close();
    expect(lines(path)).toEqual([
      { step: 1, loss: 1 },
      { step: 2, loss: 0.5 },
      { step: 3, loss: 1 / 3 },
      { step: 4, loss: 0.5 },
    ]);
    const cut = await openLog(path, { afterStep: 9 });
    await cut.close();
    expect(lines(path)).toHaveLength(4);
    await (await openLog(path)).close();
    expect(readFileSync(path, "utf8")).toBe("");
  });
  test("an unwritable path is named", async () => {
    await expect(openLog(folder)).rejects.toThrow(/reprise-checkpoint-.*: cannot be written: it is a folder/);
  });
});
