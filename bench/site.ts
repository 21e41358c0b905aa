// A cached page against a constant answer of the same bytes and headers: requests a second of one process, keep-alive.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { compare, printMachine, seconds } from "./harness.ts";

const page = "/paper?bibtexKey=journals/corr/SzegedyZSBEGF13";
const connections = 16;
const requests = Number(process.env.BENCH_REQUESTS ?? 6000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);

/** Starts a server as a process of its own and gives its port, which it prints. */
async function started(args: readonly string[], env = {}): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port) return { port: Number(port), child };
  }
  throw new Error(`${args.join(" ")} ended without a port`);
}

/** The constant answer: node:http, the bytes and headers of the page as they were sent once. */
const constant = `
  const { headers, body } = JSON.parse(require("node:fs").readFileSync(process.env.ANSWER, "utf8"));
  const bytes = Buffer.from(body, "base64");
  const server = require("node:http").createServer((_, response) => {
    response.writeHead(200, headers);
    response.end(bytes);
  });
  server.listen(0, "127.0.0.1", () => console.log("127.0.0.1:" + server.address().port));
`;

/** Asks so many times over so many connections, each waiting for its answer; answers are told apart by their length. */
function load(port: number, head: string): Promise<void> {
  let left = requests;
  const one = () =>
    new Promise<void>((done, fail) => {
      const socket = connect(port, "127.0.0.1").setNoDelay();
      let [length, got] = [0, 0];
      const ask = () => {
        if (left-- <= 0) {
          socket.destroy();
          done();
        } else socket.write(head);
      };
      socket.on("connect", ask);
      socket.on("error", fail);
      socket.on("data", (bytes) => {
        if (length === 0) {
          const text = bytes.toString("latin1");
          if (!text.startsWith("HTTP/1.1 200")) return fail(new Error(text.slice(0, 200)));
          length = text.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1]);
        }
        got += bytes.length;
        if (got < length) return;
        got = 0;
        ask();
      });
    });
  return Promise.all(Array.from({ length: connections }, one)).then(() => {});
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
