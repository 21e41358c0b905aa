// A large dense model takes its own size of memory while it is loaded, not twice that.
import { execFile } from "node:child_process";
import { createReadStream, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { train } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-fasttext-memory-"));
const [small, large] = [join(folder, "small.bin"), join(folder, "large.bin")];
const dim = 100;
const bucket = 1_000_000;
const largeBytes = 4 * dim * bucket; // and the words' few rows
const server = createServer((request, response) => {
  const path = request.url === "/large.bin" ? large : small;
  response.writeHead(200, { "Content-Length": statSync(path).size });
  createReadStream(path).pipe(response);
});

/** A model whose n-grams' rows are all zero: a hole in the file, so that it costs nothing to write. */
async function write(path: string, rows: number): Promise<void> {
  const model = await train(["__label__a one two\n__label__b three\n"], { dim, wordNgrams: 2, bucket: 1 });
  const pieces = [...model.bytes()];
  const values = pieces.findIndex((piece) => piece.length === 4 * dim * model.tables.input.rows);
  const more = rows - 1;
  new DataView(pieces[0]!.buffer).setInt32(40, rows, true); // bucket
  const size = Buffer.from(pieces[values - 1]!);
  size.writeBigInt64LE(BigInt(model.tables.input.rows + more));
  const file = openSync(path, "w");
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    at += writeSync(file, i === values - 1 ? size : piece, 0, piece.length, at);
    if (i === values) at += 4 * dim * more;
  }
  truncateSync(path, at);
}

beforeAll(async () => {
  await write(small, 1);
  await write(large, bucket);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** The peak of a process of its own that runs this. */
async function peakBytes(statements: string): Promise<number> {
  const code = `
    import { createReadStream, readFileSync, statSync } from "node:fs";
    import { load } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
    import { loadModel } from ${JSON.stringify(new URL("../src/index.node.ts", import.meta.url).href)};
    ${statements}
    if (model.predict("one two")[0].label !== "__label__a") throw new Error("no such label");
    // Linux counts what the process held before it became this one in maxRSS, and says the peak since here.
    let status = "";
    try { status = readFileSync("/proc/self/status", "utf8"); } catch {}
    const own = /VmHWM:\\s+(\\d+) kB/.exec(status);
    console.log(1024 * (own ? Number(own[1]) : process.resourceUsage().maxRSS));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  return Number(stdout);
}

test.each<[string, (path: string) => string]>([
  ["a path", (path) => `const model = loadModel("${path}");`],
  [
    "a stream of known length",
    (path) => `const model = await load(createReadStream("${path}"), { length: statSync("${path}").size });`,
  ],
  [
    "a URL",
    (path) =>
      `const model = await load("http://127.0.0.1:${(server.address() as AddressInfo).port}/${path.split(/[\\/]/).at(-1)}");`,
  ],
])("400 MB from %s", async (_, loading) => {
  const more = (await peakBytes(loading(large))) - (await peakBytes(loading(small)));
  expect(more).toBeGreaterThan(0.9 * largeBytes); // else it was not there
  expect(more).toBeLessThan(1.3 * largeBytes);
});
