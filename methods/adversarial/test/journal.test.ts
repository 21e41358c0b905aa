import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Journal } from "@reprise/experiment/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keptRows } from "../src/verbs/kept-rows.node.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-journal-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const key = { attack: "pgd", seed: 0, range: [0, 1] };
const at = () => join(folder, "partial");

describe("journal of an attack", () => {
  it("gives back what was put, by part and row, images to the bit", async () => {
    const journal = await Journal.open(at(), key);
    const rows = keptRows(journal);
    const image = Float32Array.of(0.1, Math.PI, -0);
    rows.put(0.3, 7, { image, forwardPasses: 3, gradients: 4 });
    rows.put(null, 7, { image: undefined, forwardPasses: 1, gradients: 0 });
    expect(rows.get(0.3, 7)).toBeUndefined(); // what this run finds it need not look up
    await journal.flush();
    const again = await Journal.open(at(), key);
    expect(again.size).toBe(2);
    const known = keptRows(again);
    expect(known.get(0.3, 7)).toEqual({ image, forwardPasses: 3, gradients: 4 });
    expect(known.get(null, 7)).toEqual({ image: undefined, forwardPasses: 1, gradients: 0 });
    expect(known.get(0.1, 7)).toBeUndefined();
    keptRows(again).put(0.3, 8, { image, forwardPasses: 1, gradients: 1 });
    await again.flush();
    expect((await Journal.open(at(), key)).size).toBe(3);
    await again.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it("is of one run: another's settings and damaged parts are said", async () => {
    const journal = await Journal.open(at(), key);
    journal.put("a", 0, { x: 1 }, new Float32Array(4));
    await journal.flush();
    await expect(Journal.open(at(), { ...key, range: [0, 255] })).rejects.toThrow(
      /partial: holds a part of another run: range is \[0,1\] there and \[0,255\] here\. Finish that run .* or delete/,
    );
    await expect(Journal.open(at(), { ...key, steps: 3 })).rejects.toThrow(
      "another run: steps is undefined there and 3 here",
    );
    const [name] = await readdir(at());
    const bytes = await readFile(join(at(), name!));
    for (const damaged of [bytes.subarray(0, bytes.length - 3), bytes.subarray(0, 20), Buffer.from("no")]) {
      await writeFile(join(at(), name!), damaged);
      await expect(Journal.open(at(), key)).rejects.toThrow(/rows-00000\.bin: is not a part of a run, or is damaged/);
    }
    await writeFile(join(folder, "file"), "");
    await expect(Journal.open(join(folder, "file"), key)).rejects.toThrow(/file: cannot be created/);
  });

  it("a part that cannot be written stops the run at its next row", async () => {
    const journal = await Journal.open(at(), key, { everyMs: 0 });
    await rm(at(), { recursive: true });
    journal.put("a", 0, 1, undefined);
    await expect(journal.flush()).rejects.toThrow(/cannot be written/);
    expect(() => journal.put("a", 1, 1, undefined)).toThrow(/cannot be written: its folder does not exist/);
  });
});
