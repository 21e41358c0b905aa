// How requests are answered that no page sends: a part of routes.suite.ts.
import { createServer } from "node:http";
import { brotliDecompressSync } from "node:zlib";
import type { Hono } from "hono";
import type { Kysely, KyselyPlugin } from "kysely";
import { expect, test } from "vitest";
import type { AppParts } from "../src/server/app.ts";
import { ortPath } from "../src/server/assets.ts";
import type { Tables } from "../src/server/database/schema.ts";

const sample = "/paper?bibtexKey=journals/corr/SampleRun21";
const own = { "Sec-Fetch-Site": "same-origin" };

interface Parts {
  readonly app: Hono;
  readonly db: Kysely<Tables>;
  readonly make: (more?: Partial<AppParts>) => Promise<Hono>;
}

/** Declares the tests; the site is asked for in each of them. */
export function answersSuite(site: () => Parts): void {
  const ask = (path: string, init?: RequestInit) => site().app.request(path, init);

  test.each([
    "%00",
    "a%00b",
    "journals/corr/SampleRun21%00",
    "%1f",
    "%ED%A0%80",
    "%FF%FE",
    "%C0%80",
    "a%0ab",
    "a".repeat(5000),
  ])("the key %s, which no database stores, is 404 wherever a key stands", async (key) => {
    for (const path of [
      `/paper?bibtexKey=${key}`,
      `/paper.bib?bibtexKey=${key}`,
      `/p/${key}`,
      `/content/${key}/x.png`,
    ]) {
      const response = await ask(path);
      expect([path.slice(0, 80), response.status]).toEqual([path.slice(0, 80), 404]);
      expect(await response.text()).not.toContain("\0");
    }
  });

  test("an unknown key costs one query, however often and under however many pages at once it is asked for", async () => {
    let queries = 0;
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => {
        queries++;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    const app = await site().make({ db: site().db.withPlugin(counting) });
    const status = async (path: string) => (await app.request(path)).status;
    expect(await Promise.all(Array.from({ length: 20 }, () => status("/paper?bibtexKey=no/such")))).toEqual(
      Array(20).fill(404),
    );
    for (const path of ["/paper?bibtexKey=no/such", "/p/no/such", "/paper.bib?bibtexKey=no/such"])
      expect(await status(path)).toBe(404);
    expect(queries).toBe(1);
    expect(await Promise.all(Array.from({ length: 20 }, () => status(sample)))).toEqual(Array(20).fill(200));
    expect(await status("/paper?bibtexKey=arXiv:2101.00001")).toBe(301);
    expect(await status("/paper?bibtexKey=arXiv:2101.00001")).toBe(301);
    expect(queries).toBe(3);
  });

  test.each([
    ["/", "GET, HEAD, OPTIONS"],
    ["/paper", "GET, HEAD, OPTIONS"],
    ["/p/a/b", "GET, HEAD, OPTIONS"],
    ["/sitemap.xml", "GET, HEAD, OPTIONS"],
    ["/assets/x.js", "GET, HEAD, OPTIONS"],
    ["/api/tags/suggest", "POST, OPTIONS"],
    ["/api/openapi.json", "GET, HEAD, OPTIONS"],
  ])("OPTIONS and impossible methods at %s tell what is possible: %s", async (path, allowed) => {
    const options = await ask(path, { method: "OPTIONS" });
    expect([options.status, options.headers.get("Allow"), await options.text()]).toEqual([204, allowed, ""]);
    for (const method of [
      "DELETE",
      "PUT",
      "PATCH",
      "PROPFIND",
      ...(allowed.includes("POST") ? ["GET", "HEAD"] : ["POST"]),
    ]) {
      const response = await ask(path, { method, headers: own });
      expect([method, response.status, response.headers.get("Allow")]).toEqual([method, 405, allowed]);
      if (method !== "POST") expect((await ask(path, { method })).status).toBe(405); // from wherever it comes
      expect(response.headers.get("Content-Type")).toMatch(/^text\/plain/);
    }
  });

  test("what is nowhere is 404 for every method", async () => {
    for (const method of ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
      expect([method, (await ask("/nothing/here", { method, headers: own })).status]).toEqual([method, 404]);
  });

  test.each([
    ["/about/", "/about"],
    ["/about//", "/about"],
    ["/paper/?bibtexKey=journals/corr/SampleRun21", sample],
    ["/sitemap.xml/", "/sitemap.xml"],
    ["//about/", "/about"],
    ["/p/journals/corr/SampleRun21/", sample],
    ["/p/conf/test/SampleRun21", sample],
    ["/p/arXiv:2101.00001//", sample],
  ])("%s leads to %s in one step", async (from, to) => {
    const response = await ask(`http://localhost${from}`);
    expect([response.status, response.headers.get("Location")]).toEqual([301, to]);
    expect((await ask(to)).status).toBe(200);
  });

  test.each([
    "/nothing/",
    "//evil.example/",
    "//evil.example/about/",
    "/assets/none.js/",
    "/p/no/such/",
    "/p/",
    "/about/x/",
  ])("%s leads nowhere", async (path) => {
    const response = await ask(`http://localhost${path}`);
    expect([response.status, response.headers.get("Location")]).toEqual([404, null]);
  });

  test.each([
    ["/favicon.svg", "public, max-age=86400"],
    ["/favicon.ico", "public, max-age=86400"],
    ["/robots.txt", "public, max-age=3600"],
    ["/paper.bib?bibtexKey=journals/corr/SampleRun21", "no-cache"],
    ["/api/openapi.json", "no-cache"],
    ["/sitemap.xml", "no-cache"],
    ["/", "no-cache"],
    ["/healthz", "no-store"],
    ["/nothing", "no-store"],
  ])("%s may be kept: %s", async (path, cacheControl) => {
    for (const method of ["GET", "HEAD"]) {
      const response = await ask(path, { method });
      expect(response.headers.get("Cache-Control")).toBe(cacheControl);
      const etag = response.headers.get("ETag");
      if (cacheControl === "no-store") continue;
      expect(Number(response.headers.get("Content-Length"))).toBeGreaterThan(0);
      expect((await response.text()).length > 0).toBe(method === "GET");
      expect((await ask(path, { method, headers: { "If-None-Match": `"x", ${etag}` } })).status).toBe(304);
    }
  });

  test("the icon has its own type under both names", async () => {
    for (const path of ["/favicon.svg", "/favicon.ico"])
      expect((await ask(path)).headers.get("Content-Type")).toBe("image/svg+xml");
  });

  test.each([
    [`${ortPath}ort-wasm-simd-threaded.wasm`, 0.3],
    [`${ortPath}ort-wasm-simd-threaded.mjs`, 0.6],
    [sample, 0.5],
    ["/", 0.6],
  ])("%s is sent packed, and its length unpacked is told", async (path, share) => {
    const plain = await ask(path);
    const bytes = new Uint8Array(await plain.arrayBuffer());
    expect(plain.headers.get("Content-Encoding")).toBeNull();
    for (const encoding of ["br", "gzip"]) {
      const response = await ask(path, { headers: { "Accept-Encoding": `${encoding}, identity;q=0.1` } });
      const packed = new Uint8Array(await response.arrayBuffer());
      expect(response.headers.get("Content-Encoding")).toBe(encoding);
      expect(response.headers.get("Content-Length")).toBe(String(packed.length));
      expect(response.headers.get("X-Uncompressed-Length")).toBe(String(bytes.length));
      expect(response.headers.get("Vary")).toBe("Accept-Encoding");
      expect(response.headers.get("ETag")).toBe(plain.headers.get("ETag"));
      expect(packed.length).toBeLessThan(share * bytes.length);
      if (encoding === "br") expect(Buffer.compare(brotliDecompressSync(packed), bytes)).toBe(0);
    }
    const refused = await ask(path, { headers: { "Accept-Encoding": "gzip;q=0, br;q=0" } });
    expect(refused.headers.get("Content-Encoding")).toBeNull();
  });

  test("every script and style of a page is sent in brotli, smaller than in gzip", async () => {
    const text = await (await ask(sample)).text();
    const length = async (path: string, encoding: string) => {
      const response = await ask(path, { headers: { "Accept-Encoding": encoding } });
      expect(response.headers.get("Content-Encoding")).toBe(encoding);
      return Number(response.headers.get("Content-Length"));
    };
    const paths = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, path]) => path ?? "");
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) expect(await length(path, "br")).toBeLessThan(await length(path, "gzip"));
  });

  /** The application behind a socket: limits count addresses. */
  async function listening(app: Hono) {
    const { getRequestListener } = await import("@hono/node-server");
    const server = createServer(getRequestListener(app.fetch)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    return { url, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) };
  }

  test("an address that writes too often is told when it may again; behind a trusted proxy, readers are counted", async () => {
    const { url, close } = await listening(await site().make({ proxy: "address" }));
    const post = (from: string) =>
      fetch(`${url}/api/tags/suggest`, { method: "POST", body: "{}", headers: { ...own, "X-Forwarded-For": from } });
    const statuses = [];
    for (let i = 0; i < 32; i++) statuses.push((await post("192.0.2.1")).status);
    expect(statuses.slice(0, 30)).toEqual(Array(30).fill(400));
    const refused = await post("192.0.2.1");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
    expect(await refused.text()).toBe("429: too many requests from this address; wait a little.");
    expect((await post("198.51.100.1, 192.0.2.2")).status).toBe(400);
    expect((await fetch(`${url}${sample}`, { headers: { "X-Forwarded-For": "192.0.2.1" } })).status).toBe(200);
    await close();
  });

  test("an address that asks for ever new keys is told to wait; pages that are there still answer it", async () => {
    const log: string[] = [];
    let now = 0; // stands still, however slow the machine is
    const app = await site().make({ log: (line) => log.push(line), clock: () => now });
    const { url, close } = await listening(app);
    expect((await fetch(url + sample)).status).toBe(200);
    const found = { 404: 0, 429: 0 };
    const askFor = async (from: number, to: number) => {
      for (let i = from; i < to; i += 40)
        for (const { status } of await Promise.all(
          Array.from({ length: Math.min(40, to - i) }, (_, j) =>
            fetch(`${url}/paper?bibtexKey=k${i + j}`, { headers: { "X-Forwarded-For": `192.0.2.${j}` } }),
          ),
        ))
          found[status as 404 | 429]++;
    };
    await askFor(0, 340);
    expect(found).toEqual({ 404: 299, 429: 41 }); // whatever is said of it by a proxy that is not trusted
    now = 1;
    await askFor(340, 380);
    expect(found).toEqual({ 404: 299 + 30, 429: 41 + 10 });
    expect(log).toEqual([expect.stringMatching(/Z requests from a proxy are limited as if .* give --trust-proxy/)]);
    expect((await fetch(url + sample)).status).toBe(200);
    await close();
  });

  test("a query that takes too long is 503 and is logged in one line", async () => {
    const log: string[] = [];
    const canceled = Object.assign(new Error("canceling statement due to statement timeout"), { code: "57014" });
    const slow: KyselyPlugin = {
      transformQuery: () => {
        throw canceled;
      },
      transformResult: async ({ result }) => result,
    };
    const app = await site().make({ db: site().db.withPlugin(slow), log: (line) => log.push(line), accessLog: true });
    const response = await app.request(sample);
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "5"]);
    expect((await app.request("/about")).status).toBe(200);
    expect(log).toEqual([
      expect.stringMatching(
        /Z 503 \d+ ms GET \/paper\?bibtexKey=journals\/corr\/SampleRun21: Error: canceling .*\(57014\)$/,
      ),
      expect.stringMatching(/Z 200 \d+ ms GET \/about$/),
    ]);
  });

  test("behind a proxy that is believed, pages name the address that it stands for; else they do not", async () => {
    const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "papers.example.org" };
    const canonical = async (app: Hono, path = "/about") =>
      /(?:canonical" href="|Sitemap: )(https?:\/\/[^/"]+)/.exec(
        await (await app.request(path, { headers })).text(),
      )?.[1];
    const believing = await site().make({ proxy: "all" });
    expect(await canonical(believing)).toBe("https://papers.example.org");
    expect(await canonical(believing, "/robots.txt")).toBe("https://papers.example.org");
    expect(await (await believing.request("/about")).text()).toContain('href="https://reprise.test/about"');
    expect(await canonical(await site().make({ proxy: "address" }))).toBe("https://reprise.test");
    expect(await canonical(site().app)).toBe("https://reprise.test");
    const document = await (await believing.request("/api/openapi.json", { headers })).json();
    expect(document.servers).toEqual([{ url: "https://papers.example.org" }]);
    const suggest = async (app: Hono, more: Readonly<Record<string, string>>) =>
      (await app.request("/api/tags/suggest", { method: "POST", body: "{}", headers: more })).status;
    const forwarded = { ...headers, Origin: "https://papers.example.org" };
    expect(await suggest(believing, forwarded)).toBe(400);
    expect(await suggest(site().app, forwarded)).toBe(403);
    expect(await suggest(site().app, { Origin: "https://reprise.test" })).toBe(400);
  });
}
