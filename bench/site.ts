// A cached page against a constant answer of the same bytes and headers: requests a second of one process, keep-alive.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, printMachine, seconds } from "./harness.ts";
import { ask, constant, started } from "./http-load.ts";

const page = "/paper?bibtexKey=journals/corr/SzegedyZSBEGF13";
const connections = 16;
const requests = Number(process.env.BENCH_REQUESTS ?? 6000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);

/** Asks so many times. */
function load(port: number, head: string): Promise<unknown> {
  let left = requests;
  return ask(port, connections, () => (left-- > 0 ? head : undefined));
}

printMachine();
const folder = mkdtempSync(join(tmpdir(), "reprise-bench-"));
const cli = fileURLToPath(new URL("../apps/cli/bin/reprise.mjs", import.meta.url));
const site = await started([cli, "serve", "--port", "0", "--data-dir", join(folder, "data")], { DATABASE_URL: "" });
try {
  for (const encoding of ["identity", "gzip", "br"]) {
    const answer = await fetch(`http://127.0.0.1:${site.port}${page}`, { headers: { "Accept-Encoding": encoding } });
    const headers = Object.fromEntries(
      [...answer.headers].filter(([name]) => !/^(date|connection|keep-alive)$/.test(name)),
    );
    const plain = Buffer.from(await answer.arrayBuffer());
    // fetch unpacks: for the packed ones, as many bytes as were sent.
    const body = plain.subarray(0, Number(headers["content-length"]));
    const answerFile = join(folder, "answer.json");
    writeFileSync(answerFile, JSON.stringify({ headers, body: body.toString("base64") }));
    const other = await started(["-e", constant], { ANSWER: answerFile });
    const head = `GET ${page} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: ${encoding}\r\n\r\n`;
    const result = await compare(
      `${requests} requests for ${body.length.toLocaleString("en")} bytes (${encoding}), ${connections} connections`,
      { name: "the page", run: () => seconds(() => load(site.port, head)) },
      { name: "constant", run: () => seconds(() => load(other.port, head)) },
      { rounds, goal: 0.8 },
    );
    console.log(`  ${Math.round(requests / result.ours)} against ${Math.round(requests / result.theirs)} a second\n`);
    other.child.kill();
  }
} finally {
  const ended = new Promise((resolve) => site.child.on("exit", resolve));
  site.child.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
