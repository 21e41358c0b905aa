// Both stores by one suite, and what a run does with a damaged one.
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderStore } from "../src/index.node.ts";
import { memoryStore, planOf, recordsOf, runPlan, type Store } from "../src/index.ts";
import { digits, type Log } from "./digits.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-store-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (of: Uint8Array | undefined) => of && new TextDecoder().decode(of);

describe.each([
  ["in memory", () => memoryStore()],
  ["in a folder", () => folderStore(join(folder, `${++made}`))],
])("a store %s", (_, make: () => Store) => {
  it("has, gets, puts, lists and deletes", async () => {
    const store = make();
    expect([await store.has("a/b"), await store.get("a/b"), await store.list("")]).toEqual([false, undefined, []]);
    await store.put("a/b", bytes("first"));
    await store.put("a/b", bytes("second"));
    await store.put("a/c.json", bytes("{}"));
    await store.put("ab/d", bytes(""));
    expect(await store.has("a/b")).toBe(true);
    expect(text(await store.get("a/b"))).toBe("second");
    expect((await store.get("ab/d"))?.length).toBe(0);
    expect(await store.list("")).toEqual(["a/b", "a/c.json", "ab/d"]);
    expect(await store.list("a/")).toEqual(["a/b", "a/c.json"]);
    expect(await store.list("a")).toEqual(["a/b", "a/c.json", "ab/d"]);
    expect(await store.list("x/")).toEqual([]);
    await store.delete("a/b");
    await store.delete("a/b");
    expect([await store.has("a/b"), await store.list("a/")]).toEqual([false, ["a/c.json"]]);
    expect(await store.has("a/c.json/beneath-a-file")).toBe(false);
    expect(await store.get("a/c.json/beneath-a-file")).toBeUndefined();
  });

  it("keeps what was put, whatever becomes of the bytes", async () => {
    const store = make();
    const given = bytes("as given");
    await store.put("a", given);
    given.fill(0);
    const taken = (await store.get("a"))!;
    taken.fill(0);
    expect(text(await store.get("a"))).toBe("as given");
  });

  it("a damaged entry is computed again, and only that", async () => {
    const store = make();
    const { records } = await run(store);
    const ofDraw = (await store.list("steps/digits/draw/")).filter((name) => name.endsWith("result.json"));
    const ofSquare = await store.list("steps/digits/square/");
    const whole = (await store.get(ofSquare[0]!))!;
    const another = (await store.get(ofSquare[1]!))!;
    const damages: [what: string, damage: () => Promise<void>][] = [
      ["cut off", () => store.put(ofSquare[0]!, whole.subarray(0, 40))],
      ["empty", () => store.put(ofSquare[0]!, bytes(""))],
      ["null", () => store.put(ofSquare[0]!, bytes("null\n"))],
      ["another JSON", () => store.put(ofSquare[0]!, bytes(`{"key":"${ofSquare[0]!.split("/")[3]}"}`))],
      ["of another key", () => store.put(ofSquare[0]!, another)],
    ];
    for (const [what, damage] of damages) {
      await damage();
      const { records: again, log } = await run(store);
      expect([again, log.length], what).toEqual([records, 1]);
    }
    // A file is looked at when a step that is left needs it: the draw, then the square of it.
    const file = ofDraw[0]!.replace("result.json", "numbers.f64");
    const squareOf = new Map<string, string>();
    for (const name of ofSquare) {
      const { identity } = JSON.parse(text(await store.get(name))!) as { identity: { needs: { drawn: string } } };
      squareOf.set(identity.needs.drawn, name);
    }
    const square = squareOf.get(ofDraw[0]!.split("/")[3]!)!;
    for (const damage of [() => store.delete(file), () => store.put(file, bytes("not what was written"))]) {
      await store.delete(square);
      await damage();
      const { records: again, log } = await run(store);
      expect([again, log.length]).toEqual([records, 2]);
    }
  });
});

describe("a store in a folder", () => {
  it("leaves no folders without files, and lists nothing of a write that was cut", async () => {
    const path = join(folder, "cut");
    const store = folderStore(path);
    await store.put("steps/a/b", bytes("x"));
    await writeFile(join(path, "steps", "a", "b.4711-1.tmp"), "half");
    expect(await store.list("steps/")).toEqual(["steps/a/b"]);
    await rm(join(path, "steps", "a", "b.4711-1.tmp"));
    await store.delete("steps/a/b");
    expect(await readdir(path)).toEqual([]);
  });

  it("names never leave the folder", async () => {
    const store = folderStore(join(folder, "names"));
    for (const name of ["../up", "a/../../up", "/absolute", "a//b", "", ".hidden", "a\\b", "a/\0"])
      await expect(store.put(name, bytes("x")), JSON.stringify(name)).rejects.toThrow(
        `folderStore: ${JSON.stringify(name)} is not a name of parts separated by "/"`,
      );
  });

  it("whatever keeps a file from being read is an error that names it, not a missing entry", async () => {
    const path = join(folder, "errors");
    await mkdir(join(path, "a"), { recursive: true });
    await symlink("loop", join(path, "loop"));
    const store = folderStore(path);
    await expect(store.get("a")).rejects.toThrow(/errors\/a: cannot be read: it is a folder/);
    await expect(store.get("loop")).rejects.toThrow(/errors\/loop: cannot be read: .*ELOOP/);
    await expect(store.has("loop")).rejects.toThrow(/errors\/loop: cannot be read: .*ELOOP/);
    await expect(store.delete("a")).rejects.toThrow(/errors\/a: cannot be written/);
    await writeFile(join(path, "file"), "");
    await expect(store.put("file/b", bytes("x"))).rejects.toThrow(/errors\/file: cannot be created/);
  });

  it.skipIf(process.getuid?.() === 0)("so is a folder without rights", async () => {
    const path = join(folder, "closed");
    await mkdir(path, { mode: 0o000 });
    await expect(folderStore(path).list("")).rejects.toThrow(/closed: cannot be read: permission denied/);
    await chmod(path, 0o700);
  });
});

let made = 0;

async function run(store: Store) {
  const log: Log = [];
  const plan = await planOf(digits(), { store });
  const provenance = () => ({ version: "v", machine: "m", date: "d" });
  const results = await runPlan(plan, { lanes: [{ name: "a", log }], provenance });
  const records = recordsOf(plan, results, () => "").map(({ seconds: _, ...record }) => record);
  return { records, log };
}
