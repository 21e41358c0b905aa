import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { access, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Dataset, datasets } from "@reprise/data";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const content = Buffer.from("ten small digits");
let server: Server;
let base: string;
let folder: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/good/digits") response.end(content);
    else if (request.url!.startsWith("/slow/")) {
      response.writeHead(200, { "content-length": 9912422 });
      response.write(Buffer.alloc(70_000));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-cli-data-"));
});
afterEach(() => rm(folder, { recursive: true }));

function start(args: readonly string[]) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    out.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    out.stderr += chunk;
  });
  const done = once(child, "close").then(([code]) => ({ code: code as number | null, ...out }));
  return { child, done };
}
const reprise = (...args: string[]) => start([path("../src/main.ts"), "data", ...args]);

/** The command with a data set of its own: the real files are too large to stand in a test. */
function withCatalogue(catalogue: readonly Dataset[], ...args: string[]) {
  const script = `import { verbs } from ${JSON.stringify(path("../src/commands/data.ts"))};
    import { commandOf } from ${JSON.stringify(path("../src/shell/command.ts"))};
    const command = await commandOf("data", "", verbs(${JSON.stringify(catalogue)}));
    await command.parseAsync(${JSON.stringify(args)}, { from: "user" });`;
  return start(["--input-type=module", "-e", script]).done;
}
const digits = (): Dataset => ({
  name: "digits",
  title: "Ten digits",
  licence: "none",
  files: [
    {
      name: "digits",
      bytes: content.length,
      md5: createHash("md5").update(content).digest("hex"),
      sha256: createHash("sha256").update(content).digest("hex"),
      urls: [`${base}/missing/digits`, `${base}/good/digits`],
    },
  ],
});

describe("reprise data list", () => {
  it("prints a table, and JSON with the sums and mirrors of every file", async () => {
    const [text, json] = await Promise.all([reprise("list").done, reprise("list", "--json").done]);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/^name .*\n.*\nmnist +4 +11\.6 MB +CC BY-SA 3\.0 +MNIST: 60,000 \+ 10,000/);
    const [mnist] = JSON.parse(json.stdout) as (Dataset & { bytes: number })[];
    expect(mnist).toMatchObject({ name: "mnist", bytes: 11594722, files: datasets[0]!.files });
  });
});

describe("reprise data get", () => {
  it("downloads, tells which mirror failed, and does nothing the second time", async () => {
    const first = await withCatalogue([digits()], "get", "digits", "--dir", folder);
    expect(first).toMatchObject({ code: 0, stdout: `digits: 1 downloaded, 0 already there, in ${folder}\n` });
    expect(first.stderr).toContain(`${base}/missing/digits: answered 404 Not Found\n`);
    expect(first.stderr).toContain(`digits: 0 kB from ${base}/good/digits\n`);
    expect(await readFile(join(folder, "digits"))).toEqual(content);

    const second = await withCatalogue([digits()], "get", "digits", "--dir", folder, "--json");
    expect(JSON.parse(second.stdout)).toEqual({
      name: "digits",
      dir: folder,
      files: [{ file: "digits", path: join(folder, "digits"), wasPresent: true }],
    });
    expect(second.stderr).toBe("digits: already there\n");
  });

  it("a mirror without the file: one line, exit code 1", async () => {
    const { code, stdout, stderr } = await reprise("get", "mnist", "--dir", folder, "--mirror", `${base}/none`).done;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
      /^reprise: .*train-images-idx3-ubyte\.gz: could not be downloaded \(http:.*\/none\/train-images-idx3-ubyte\.gz: answered 404 Not Found\)\. Try again later/,
    );
  });

  it("Ctrl-C keeps what has arrived and says how to go on", async () => {
    const { child, done } = reprise("get", "mnist", "--dir", folder, "--mirror", `${base}/slow`);
    const part = join(folder, "train-images-idx3-ubyte.gz.part");
    await expect.poll(async () => (await stat(part).catch(() => undefined))?.size, { timeout: 20_000 }).toBe(70_000);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await done;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(
      `reprise: interrupted. What has arrived is kept in ${folder}. To go on: reprise data get mnist --dir ${folder} --mirror ${base}/slow/\n`,
    );
    await access(part);
  });

  it.each([
    [["get", "minst"], /There is no data set of that name\. There are: mnist, /],
    [["get"], /missing required argument 'name'/],
    [["get", "mnist", "--mirror", "ftp://x"], /Give the address of a folder, http:\/\/ or https:\/\//],
  ])("bad usage %j: exit code 2", async (args, message) => {
    const { code, stderr } = await reprise(...args).done;
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
