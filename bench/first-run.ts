// How long a reader on a line of 10 Mbit/s waits for the first result of a panel, nothing being cached:
//   node tools/run.mjs bench/first-run.ts
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { startSite } from "../apps/site/src/server/main.ts";
import { launchBrowser } from "../tools/browser.ts";

const bytesPerMs = 10e6 / 8 / 1000;
const latencyMs = 20;
const papers = ["journals/corr/SzegedyZSBEGF13", "journals/corr/JoulinGBM16"];

const folder = mkdtempSync(join(tmpdir(), "reprise-first-run-"));
const site = await startSite({ dataDir: join(folder, "data"), port: 0 });
const line = await slowLine(Number(new URL(site.url).port));
const browser = await launchBrowser();
for (const paper of papers) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${line.url}/paper?bibtexKey=${paper}#run`);
  await page.locator("#run[data-ready]").waitFor({ state: "attached" });
  await page.waitForLoadState("networkidle");
  const before = line.sent();
  const start = performance.now();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator(".panel-results > *").first().waitFor();
  const shown = performance.now() - start;
  await page.locator('.panel-status[data-phase="done"], .panel-status[data-phase="failed"]').waitFor();
  const done = performance.now() - start;
  const megabytes = ((line.sent() - before) / 1e6).toFixed(2);
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  console.log(`${paper}: first picture after ${seconds(shown)} s, result after ${seconds(done)} s, ${megabytes} MB`);
  console.log(`  ${await page.locator(".panel-status").textContent()}`);
  await page.context().close();
}
await browser.close();
line.close();
await site.close();
rmSync(folder, { recursive: true, force: true });

/** A port whose answers share one line of limited speed. */
async function slowLine(port: number) {
  let sent = 0;
  let free = 0; // when the line is free again
  const sockets = new Set<Socket>();
  const server = createServer((reader) => {
    const upstream = connect(port, "127.0.0.1");
    const slow = new Transform({
      highWaterMark: 16_384,
      flush(done) {
        setTimeout(done, latencyMs);
      },
      transform(bytes: Buffer, _, done) {
        const now = performance.now();
        free = Math.max(free, now) + bytes.length / bytesPerMs;
        sent += bytes.length;
        setTimeout(() => {
          setTimeout(() => this.push(bytes), latencyMs / 2); // on its way while the next is sent
          done();
        }, free - now);
      },
    });
    for (const socket of [reader, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    reader.pipe(upstream);
    upstream.pipe(slow).pipe(reader);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
