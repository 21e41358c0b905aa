import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError, type DownloadFile, datasets, Random } from "@reprise/data";
import { type DownloadOptions, type DownloadProgress, downloadDataset, downloadFile } from "@reprise/data/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

const random = new Random(0);
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, () => random.integer(256)));
const sums = { sha256: createHash("sha256").update(content).digest("hex"), md5: "" };

type Behaviour = (request: IncomingMessage, response: ServerResponse, start: number) => void;

/** What a server may do with the file; `start` is what the request's Range asks for. */
const behaviours = {
  good: (_, response, start) => {
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": content.length - start,
      ...(start > 0 ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(content.subarray(start));
  },
  ignoresRange: (_, response) => response.end(content),
  wrongRange: (_, response, start) => {
    response.writeHead(start > 0 ? 206 : 200, { "content-range": `bytes 7-${content.length - 1}/${content.length}` });
    response.end(content.subarray(7));
  },
  // Sends 100,000 bytes more each time, then breaks the connection.
  drops: (_, response, start) => {
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": content.length - start,
      connection: "close",
      ...(start > 0 ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    });
    response.write(content.subarray(start, start + 100_000), () => setTimeout(() => response.destroy(), 30));
  },
  dropsAtOnce: (_, response) => {
    response.destroy();
  },
  stalls: (_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 50_000));
  },
  stallsBeforeTheHeader: () => {},
  corrupts: (_, response) => response.end(Buffer.from(content).fill(0, 1000, 1010)),
  endsEarly: (_, response) => response.end(content.subarray(0, 1000)), // no length: a clean end after too little
  sendsTooMuch: (_, response) => {
    response.write(content);
    response.end(content);
  },
  announcesTooMuch: (_, response) => {
    response.writeHead(200, { "content-length": 10 * content.length });
    response.end(content);
  },
  encodes: (_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(content);
  },
  redirects: (_, response) => response.writeHead(302, { location: "/good" }).end(),
  redirectsInACircle: (_, response) => response.writeHead(302, { location: "redirectsInACircle" }).end(),
  missing: (_, response) => response.writeHead(404).end("<html>not here</html>"),
  broken: (_, response) => response.writeHead(500).end(),
  empty: (_, response) => response.end(),
} satisfies Record<string, Behaviour>;

let server: Server;
let base: string;
let folder: string;
let requests: { path: string; range: string | undefined }[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url!.slice(1);
    requests.push({ path, range: request.headers.range });
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    behaviours[path as keyof typeof behaviours](request, response, start);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  requests = [];
  folder = await mkdtemp(join(tmpdir(), "reprise-download-"));
});
afterEach(() => rm(folder, { recursive: true }));

const from = (...mirrors: (keyof typeof behaviours)[]): DownloadFile => ({
  name: "digits.gz",
  bytes: content.length,
  ...sums,
  urls: mirrors.map((mirror) => base + mirror),
});
const quick: DownloadOptions = { retries: 2, backoffMs: 1, stallMs: 20_000 };
const get = (file: DownloadFile, options: DownloadOptions = {}) => downloadFile(file, folder, { ...quick, ...options });
const arrived = () => readFile(join(folder, "digits.gz"));
const asked = () => requests.map(({ path }) => path);

describe("a good mirror", () => {
  it("gives the file, tells its progress, and is not asked again", async () => {
    const seen: DownloadProgress[] = [];
    expect(await get(from("good"), { onProgress: (p) => seen.push(p) })).toBe("downloaded");
    expect((await arrived()).equals(content)).toBe(true);
    expect(await readdir(folder)).toEqual(["digits.gz"]);
    const bytes = seen.map((p) => p.bytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(seen.at(-1)).toEqual({
      file: "digits.gz",
      state: "done",
      bytes: 300_000,
      total: 300_000,
      url: `${base}good`,
    });

    expect(await get(from("good"))).toBe("present");
    expect(requests.length).toBe(1);
  });

  it("goes on from a .part file with a Range request", async () => {
    await writeFile(join(folder, "digits.gz.part"), content.subarray(0, 123_456));
    await get(from("good"));
    expect(requests).toEqual([{ path: "good", range: "bytes=123456-" }]);
    expect((await arrived()).equals(content)).toBe(true);
  });

  it("follows a redirect, and asks for the rest there too", async () => {
    await writeFile(join(folder, "digits.gz.part"), content.subarray(0, 1000));
    await get(from("redirects"));
    expect(requests).toEqual([
      { path: "redirects", range: "bytes=1000-" },
      { path: "good", range: "bytes=1000-" },
    ]);
    expect((await arrived()).equals(content)).toBe(true);
  });

  it("a .part that is whole needs no request; one that is too long or wrong is fetched anew", async () => {
    await writeFile(join(folder, "digits.gz.part"), content);
    await get(from("good"));
    expect(requests).toEqual([]);

    await rm(join(folder, "digits.gz"));
    await writeFile(join(folder, "digits.gz.part"), Buffer.alloc(400_000));
    await get(from("good"));
    expect(requests).toEqual([{ path: "good", range: undefined }]);

    await rm(join(folder, "digits.gz"));
    await writeFile(join(folder, "digits.gz.part"), Buffer.alloc(1000));
    await get(from("good"));
    expect(requests.slice(1).map((r) => r.range)).toEqual(["bytes=1000-", undefined]);
    expect((await arrived()).equals(content)).toBe(true);
  });

  it("replaces a file of that name that is wrong, of the same size or not", async () => {
    for (const wrong of [Buffer.alloc(content.length), Buffer.from("<html>")]) {
      await writeFile(join(folder, "digits.gz"), wrong);
      expect(await get(from("good"))).toBe("downloaded");
      expect((await arrived()).equals(content)).toBe(true);
    }
  });
});

describe("a mirror that fails", () => {
  it("drops mid-body: each try goes on where the last broke off", async () => {
    await get(from("drops"), { retries: 1 });
    expect((await arrived()).equals(content)).toBe(true);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    const starts = requests.map(({ range }) => Number(/\d+/.exec(range ?? "0")![0]));
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts[1]).toBeGreaterThan(0);
  });

  it("ignores Range: the whole file replaces the part", async () => {
    await writeFile(join(folder, "digits.gz.part"), content.subarray(0, 1000));
    await get(from("ignoresRange"));
    expect((await arrived()).equals(content)).toBe(true);
    expect(requests).toEqual([{ path: "ignoresRange", range: "bytes=1000-" }]);
  });

  it.each<[keyof typeof behaviours, number, string]>([
    ["dropsAtOnce", 3, "socket hang up"],
    ["stalls", 3, "nothing came for 0.5 s"],
    ["stallsBeforeTheHeader", 3, "nothing came for 0.5 s"],
    ["broken", 3, "answered 500 Internal Server Error"],
    ["endsEarly", 3, "ended after 1000 of 300000 bytes"],
    ["empty", 3, "ended after 0 of 300000 bytes"],
    ["redirectsInACircle", 1, "redirects in a circle"],
    ["missing", 1, "answered 404 Not Found"],
    ["corrupts", 1, "the file has another SHA-256 than expected"],
    ["sendsTooMuch", 1, "sent more than the 300000 bytes expected"],
    ["announcesTooMuch", 1, "would send 3000000 bytes; 300000 are expected"],
    ["encodes", 1, "sent it encoded as gzip"],
  ])("%s: tried %d times, then the next mirror; alone, the error says why", async (bad, times, reason) => {
    const reasons: string[] = [];
    const options = bad.startsWith("stalls") ? { stallMs: 500 } : {};
    await get(from(bad, "good"), { ...options, onProgress: (p) => p.reason && reasons.push(p.reason) });
    expect((await arrived()).equals(content)).toBe(true);
    expect(asked().filter((path) => path === bad).length).toBe(bad === "redirectsInACircle" ? 6 : times);
    expect(reasons.length).toBe(times);

    await rm(join(folder, "digits.gz"));
    const error = await get(from(bad), options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toContain(`digits.gz: could not be downloaded (${base}${bad}: `);
    expect((error as Error).message).toContain(reason);
    expect((error as Error).message).toContain(`put the file there yourself, SHA-256 ${sums.sha256}`);
    expect(await readdir(folder)).not.toContain("digits.gz");
  });

  it("sends another range than asked: not trusted", async () => {
    await writeFile(join(folder, "digits.gz.part"), content.subarray(0, 1000));
    await expect(get(from("wrongRange"))).rejects.toThrow("sent bytes from 7 when asked from 1000");
    await get(from("good"));
    expect((await arrived()).equals(content)).toBe(true);
  });

  it("nobody listens there", async () => {
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}/x`;
    await new Promise((resolve) => nobody.close(resolve));
    await expect(get({ ...from(), urls: [url] })).rejects.toThrow(/connect ECONNREFUSED 127\.0\.0\.1/);
  });

  it("all fail: each is named with its reason, and the wrong file that was there is still there", async () => {
    await writeFile(join(folder, "digits.gz"), "mine");
    const error = await get(from("missing", "corrupts")).catch((e: unknown) => e as Error);
    expect(String(error)).toMatch(/missing: answered 404 Not Found; http:\S+corrupts: the file has another SHA-256/);
    expect(await readFile(join(folder, "digits.gz"), "utf8")).toBe("mine");
  });
});

describe("stopping", () => {
  it("keeps the part, at once, and the next download goes on from it", async () => {
    const controller = new AbortController();
    const stopped = get(from("stalls"), {
      signal: controller.signal,
      stallMs: 60_000,
      onProgress: ({ bytes }) => bytes === 50_000 && controller.abort(new Error("stopped by the user")),
    });
    await expect(stopped).rejects.toThrow("stopped by the user");
    expect((await readFile(join(folder, "digits.gz.part"))).equals(content.subarray(0, 50_000))).toBe(true);
    await get(from("good"));
    expect(requests.at(-1)).toEqual({ path: "good", range: "bytes=50000-" });
    expect((await arrived()).equals(content)).toBe(true);
  });

  it("does not wait for the back-off", async () => {
    const controller = new AbortController();
    const stopped = get(from("broken"), {
      signal: controller.signal,
      backoffMs: 10_000,
      onProgress: ({ state }) => state === "retrying" && setTimeout(() => controller.abort(new Error("stop")), 5),
    });
    await expect(stopped).rejects.toThrow("stop");
    expect(requests.length).toBe(1);
  });
});

describe("a data set", () => {
  it("makes its folder and says which files were there", async () => {
    const dataset = { name: "x", title: "", licence: "", files: [from("good"), { ...from("good"), name: "b.gz" }] };
    const to = join(folder, "a/b");
    await downloadDataset(dataset, to, quick);
    await rm(join(to, "b.gz"));
    expect(await downloadDataset(dataset, to, quick)).toEqual([
      { file: "digits.gz", path: join(to, "digits.gz"), wasPresent: true },
      { file: "b.gz", path: join(to, "b.gz"), wasPresent: false },
    ]);
  });

  it("a folder that cannot be one is named", async () => {
    await writeFile(join(folder, "file"), "");
    const dataset = { name: "x", title: "", licence: "", files: [from("good")] };
    await expect(downloadDataset(dataset, join(folder, "file"), quick)).rejects.toThrow(
      /file: cannot be created: there is a file/,
    );
  });

  it("every file of the catalogue has a name of its own, sums, a size and at least two mirrors", () => {
    for (const { files } of datasets) {
      expect(new Set(files.map((f) => f.name)).size).toBe(files.length);
      for (const { name, bytes, md5, sha256, urls } of files) {
        expect([bytes > 0, /^[0-9a-f]{32}$/.test(md5 ?? sha256.slice(32)), /^[0-9a-f]{64}$/.test(sha256)]).toEqual([
          true,
          true,
          true,
        ]);
        expect(new Set(urls).size).toBeGreaterThanOrEqual(2);
        for (const url of urls)
          expect(new URL(url).pathname.endsWith(/^(pour|marker)/.test(name) ? ".mp4" : `/${name}`)).toBe(true);
      }
    }
  });
});
