import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWeb } from "../src/server/build-web.ts";
import { openDatabase } from "../src/server/database/open.ts";
import { type Site, startSite } from "../src/server/main.ts";
import { withEmptyDatabase } from "./empty-database.ts";

const contentDir = fileURLToPath(new URL("./fixtures/content", import.meta.url));
const cli = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reprise-server-"));
const dataDir = join(folder, "data");
let site: Site;

beforeAll(async () => {
  site = await startSite({ dataDir: await withEmptyDatabase(dataDir), port: 0, contentDir });
});
afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true });
});

/** Runs the CLI until it ends; `onLine` sees each line of stdout and gets a way to send a signal. */
async function reprise(
  args: string[],
  {
    env = {},
    onLine = () => {},
  }: {
    env?: Record<string, string>;
    onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
  } = {},
) {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, DATABASE_URL: "", ...env },
    cwd: folder,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => {
    stdout += data;
    onLine(String(data), (signal) => child.kill(signal));
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { code, stdout, stderr };
}

test("the site answers at the address it names, under its canonical address", async () => {
  const response = await fetch(`${site.url}/`);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain(`<link rel="canonical" href="${site.url}/">`);
});

test("a second start on the same folder is refused, and the first goes on", async () => {
  await expect(startSite({ dataDir, port: 0, contentDir })).rejects.toThrow(/data folder .* is in use by process \d+/);
  expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
});

test("a taken port is one clear line, and no data folder is touched", async () => {
  const other = join(folder, "other");
  const server: Server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(startSite({ dataDir: other, port, contentDir })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken by another program: stop it, or choose another with --port NUMBER`,
  );
  server.close();
  expect(existsSync(other)).toBe(false);
});

test("an address that is not this machine's is one clear line", async () => {
  await expect(startSite({ dataDir: join(folder, "other"), port: 0, host: "203.0.113.7", contentDir })).rejects.toThrow(
    /this machine has no address 203\.0\.113\.7/,
  );
});

test("reprise serve prints its address, and a signal, even given twice, ends it in order", {
  timeout: 60_000,
}, async () => {
  const other = join(folder, "cli");
  let page = "";
  const { code, stdout, stderr } = await reprise(["serve", "--port", "0", "--data-dir", other], {
    onLine: async (line, kill) => {
      const url = /http:\S+/.exec(line)?.[0];
      expect(readFileSync(join(other, "lock"), "utf8")).toContain('"pid"');
      page = await (await fetch(`${url}/paper?bibtexKey=journals/corr/SzegedyZSBEGF13`)).text();
      kill("SIGINT");
      kill("SIGTERM"); // as npm passes one Ctrl-C on a second time
    },
  });
  expect(stderr).toContain("stopping");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Reprise is at http:\/\/127\.0\.0\.1:\d+\n$/);
  expect(page).toContain("Intriguing properties of neural networks");
  expect(existsSync(join(other, "lock"))).toBe(false);
});

test("pages and files that are answered without the application have its headers, for GET and HEAD, and 304", async () => {
  for (const path of ["/", "/about", "/favicon.svg"]) {
    const first = await fetch(site.url + path);
    const text = await first.text();
    for (const method of ["GET", "HEAD"]) {
      const again = await fetch(site.url + path, { method });
      expect(again.status).toBe(200);
      expect(await again.text()).toBe(method === "GET" ? text : "");
      const names = (headers: Headers) =>
        [...headers.keys()].filter((name) => !/^(date|connection|keep-alive)$/.test(name)).sort();
      expect(names(again.headers)).toEqual(names(first.headers));
      expect(again.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    }
    const known = await fetch(site.url + path, { headers: { "If-None-Match": first.headers.get("ETag") ?? "" } });
    expect([known.status, known.headers.get("X-Content-Type-Options")]).toEqual([304, "nosniff"]);
  }
});

test("a server that listens everywhere names an address that exists; a public address goes before it", async () => {
  const log: string[] = [];
  const everywhere = { host: "0.0.0.0", port: 0, contentDir, log: (line: string) => log.push(line) };
  const open = await startSite({ ...everywhere, dataDir: await withEmptyDatabase(join(folder, "everywhere")) });
  const canonical = async (url: string, headers = {}) =>
    /canonical" href="([^"]+)"/.exec(await (await fetch(`${url}/about`, { headers })).text())?.[1];
  expect(open.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await canonical(open.url)).toBe(`${open.origin}/about`);
  expect(open.origin).not.toContain("0.0.0.0");
  await open.close();
  if (open.origin !== open.url)
    expect(log.join("\n")).toMatch(/Z pages name http:\S+ as their address; give --origin URL/);

  const named = await startSite({
    ...everywhere,
    origin: "https://papers.example.org/",
    dataDir: join(folder, "everywhere"),
  });
  expect(named.origin).toBe("https://papers.example.org");
  expect(await canonical(named.url, { "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https" })).toBe(
    "https://papers.example.org/about",
  );
  expect(await (await fetch(`${named.url}/robots.txt`)).text()).toContain(
    "Sitemap: https://papers.example.org/sitemap.xml",
  );
  await named.close();
  await expect(startSite({ origin: "papers.example.org", contentDir })).rejects.toThrow(
    /"papers.example.org" is not the address/,
  );
});

test("a content folder that is not there is one clear line, and withdraws nothing", async () => {
  const missing = join(folder, "no-content");
  await expect(startSite({ dataDir: join(folder, "other"), port: 0, contentDir: missing })).rejects.toThrow(
    `the content folder ${missing} cannot be read (ENOENT): give the folder that holds the papers, each in a folder of its BibTeX key, with --content DIR`,
  );
  expect(existsSync(join(folder, "other"))).toBe(false);
});

test("a page that is built elsewhere, when its own folder cannot be written, is the same page", {
  timeout: 60_000,
}, async () => {
  const own = fileURLToPath(new URL("../dist", import.meta.url));
  const built = await buildWeb();
  expect(built.startsWith(own)).toBe(true);
  expect(await buildWeb({ elsewhere: join(folder, "web") })).toBe(built); // what is there is taken
});

test("reprise serve takes --origin, --content and REPRISE_ORIGIN; a failing request is one dated line", {
  timeout: 60_000,
}, async () => {
  const served = await reprise(
    [
      "serve",
      "--port",
      "0",
      "--data-dir",
      await withEmptyDatabase(join(folder, "flags")),
      "--content",
      contentDir,
      "--access-log",
    ],
    {
      env: { REPRISE_ORIGIN: "https://papers.example.org" },
      onLine: async (line, kill) => {
        const url = /http:\S+?(?=[,\s])/.exec(line)?.[0];
        for (let i = 0; i < 2; i++) await (await fetch(`${url}/about`)).text();
        await (await fetch(`${url}/paper?bibtexKey=no/such`)).text();
        kill("SIGTERM");
      },
    },
  );
  expect(served.code).toBe(0);
  expect(served.stdout).toMatch(
    /^Reprise is at http:\/\/127\.0\.0\.1:\d+, for readers at https:\/\/papers\.example\.org\n$/,
  );
  expect(served.stderr).toMatch(/^[-\d]{10}T[:.\d]+Z content: 3 papers taken into the database$/m);
  expect(served.stderr.match(/^[-\d]{10}T[:.\d]+Z 200 \d+ ms 127\.0\.0\.1 GET \/about$/gm)).toHaveLength(2);
  expect(served.stderr).toMatch(/Z 404 \d+ ms 127\.0\.0\.1 GET \/paper\?bibtexKey=no\/such$/m);
  const bad = await reprise(["serve", "--origin", "papers.example.org"]);
  expect(bad.code).toBe(2);
  expect(bad.stderr).toContain('"papers.example.org" is not the address of a site');
});

test("bad options end with code 2, failures with code 1, each in one line", async () => {
  const port = await reprise(["serve", "--port", "70000"]);
  expect(port.code).toBe(2);
  expect(port.stderr).toContain("Expected a whole number from 0 to 65535");

  const database = await reprise(["serve", "--port", "0"], {
    env: { DATABASE_URL: "postgres://me:secret@127.0.0.1:1/x" },
  });
  expect(database.code).toBe(1);
  expect(database.stderr).toMatch(
    /^reprise: the PostgreSQL database of DATABASE_URL \(postgres:\/\/me:…@127\.0\.0\.1:1\/x\) cannot be used: .*ECONNREFUSED.*\n$/,
  );
  expect(database.stderr).not.toContain("secret");

  const file = join(folder, "file");
  writeFileSync(file, "");
  const unwritable = await reprise(["serve", "--port", "0", "--data-dir", file]);
  expect(unwritable.code).toBe(1);
  expect(unwritable.stderr).toMatch(/^reprise: the data folder .*file cannot be written \(EEXIST\).*\n$/);
});

test("kill -9 in the middle of writing loses nothing acknowledged, and the folder opens again", {
  timeout: 60_000,
}, async () => {
  const killed = join(folder, "killed");
  const acknowledged: string[] = [];
  for (const round of ["a", "b"]) {
    const writer = fileURLToPath(new URL("./fixtures/writer.ts", import.meta.url));
    const child = spawn(process.execPath, [writer, killed, round], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => {
      child.stdout.on("data", (data) => {
        for (const i of String(data).trim().split("\n")) acknowledged.push(`${round}-${i}`);
        if (acknowledged.filter((name) => name.startsWith(round)).length >= 20) child.kill("SIGKILL");
      });
      child.on("exit", resolve);
    });
  }
  const { db, close } = await openDatabase({ directory: killed });
  const names = new Set((await db.selectFrom("venues").select("name").execute()).map(({ name }) => name));
  await close();
  expect(acknowledged.length).toBeGreaterThanOrEqual(40);
  expect(acknowledged.filter((name) => !names.has(`${name}-first`) || !names.has(`${name}-second`))).toEqual([]);
  const halves = [...names].filter(
    (name) => !names.has(name.replace(/(first|second)$/, (end) => (end === "first" ? "second" : "first"))),
  );
  expect(halves).toEqual([]);
});
