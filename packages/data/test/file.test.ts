import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DataError } from "@reprise/data";
import { createFolder, fileError, readBytes, writeFileAtomic } from "@reprise/data/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-file-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("writeFileAtomic", () => {
  it.skipIf(process.platform === "win32")(
    "keeps the old content, and says why, where a file may not grow",
    async () => {
      const path = join(folder, "step.mp4");
      await writeFile(path, "old");
      const write = `const { writeFileAtomic } = await import("@reprise/data/node");
      await writeFileAtomic(process.argv[1], new Uint8Array(1e6)).catch((error) => console.log(error.message));`;
      // In blocks of 512 bytes or of 1024, as the shell has it.
      const { stdout } = await promisify(execFile)("sh", [
        ...["-c", 'ulimit -f 100 && exec "$0" --input-type=module -e "$1" "$2"'],
        ...[process.execPath, write, path],
      ]);
      expect(stdout).toContain("step.mp4: cannot be written: it is larger than a file may be here.");
      expect(await readFile(path, "utf8")).toBe("old");
      expect(await readdir(folder)).toEqual(["step.mp4"]);
    },
  );

  it("writes text, bytes and parts; replaces what was there; leaves nothing beside it", async () => {
    const path = join(folder, "model.onnx");
    for (const content of ["text €", Uint8Array.of(1, 2, 3), [Uint8Array.of(4), Uint8Array.of(5, 6)]]) {
      await writeFileAtomic(path, content);
      const expected = typeof content === "string" ? Buffer.from(content) : Buffer.concat([content].flat());
      expect(await readFile(path)).toEqual(expected);
    }
    expect(await readdir(folder)).toEqual(["model.onnx"]);
  });

  it("keeps the old content when it is stopped between two parts", async () => {
    const path = join(folder, "model.onnx");
    await writeFile(path, "old");
    const controller = new AbortController();
    const parts = [Uint8Array.of(1), Uint8Array.of(2)];
    const stopping = new Proxy(parts, {
      get(target, key) {
        if (key === "1") controller.abort(new Error("stopped by the user"));
        return Reflect.get(target, key);
      },
    });
    await expect(writeFileAtomic(path, stopping, { signal: controller.signal })).rejects.toThrow("stopped by the user");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["model.onnx"]);
  });

  it("two writers at once: one of the two, whole", async () => {
    const path = join(folder, "log");
    await Promise.all(["a", "b", "c"].map((letter) => writeFileAtomic(path, letter.repeat(100_000))));
    expect(["a", "b", "c"].map((letter) => letter.repeat(100_000))).toContain(await readFile(path, "utf8"));
    expect(await readdir(folder)).toEqual(["log"]);
  });

  it("writes through a link", async () => {
    await writeFile(join(folder, "real"), "old");
    await symlink(join(folder, "real"), join(folder, "link"));
    await writeFileAtomic(join(folder, "link"), "new");
    expect(await readFile(join(folder, "real"), "utf8")).toBe("new");
    expect((await readdir(folder)).sort()).toEqual(["link", "real"]);
  });

  it("says why it cannot, with the path as given", async () => {
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "file"), "");
    const failing = (name: string) =>
      writeFileAtomic(join(folder, name), "x").then(
        () => new Error("it was written"),
        (e: Error) => e,
      );
    expect(await failing("none/x")).toBeInstanceOf(DataError);
    expect((await failing("none/x")).message).toBe(
      `${join(folder, "none/x")}: cannot be written: its folder does not exist. Create it, or check the path.`,
    );
    expect((await failing("sub")).message).toMatch(
      /sub: cannot be written: it is a folder\. Give the name of a file\.$/,
    );
    expect((await failing("file/x")).message).toMatch(/file\/x: cannot be written: a part of its path is a file/);
  });

  // As codes: root, who runs tests in containers, may write everywhere.
  it.each([
    ["EACCES", "permission denied. Check who owns it, or choose another place."],
    ["ENOSPC", "the disk is full. Free some space, or choose another place."],
    ["EROFS", "the file system is read-only. Choose another place."],
    ["EWEIRD", "as the system says"],
  ])("%s in words", (code, words) => {
    const cause = Object.assign(new Error("as the system says"), { code });
    expect(fileError("out/m.onnx", cause, "written").message).toBe(`out/m.onnx: cannot be written: ${words}`);
  });
});

describe("readBytes and createFolder", () => {
  it("reads what is there and names what is not", async () => {
    await writeFile(join(folder, "a"), Uint8Array.of(1, 2));
    expect([...(await readBytes(join(folder, "a")))]).toEqual([1, 2]);
    await expect(readBytes(join(folder, "b"))).rejects.toThrow(/b: cannot be read: there is no such file or folder\./);
    await expect(readBytes(folder)).rejects.toThrow(/cannot be read: it is a folder\./);
    expect(await readBytes(join(folder, "b")).catch((e: unknown) => e)).toMatchObject({ cause: { code: "ENOENT" } });
  });

  it("creates folders above, twice, but not over a file", async () => {
    await createFolder(join(folder, "x/y"));
    await createFolder(join(folder, "x/y"));
    await writeFileAtomic(join(folder, "x/y/z"), "");
    await expect(createFolder(join(folder, "x/y/z"))).rejects.toThrow(
      /z: cannot be created: there is a file of that name/,
    );
  });
});
