// A site of many papers under load, on PGlite and, where it is installed, on PostgreSQL: pages made from the database
// against a constant answer of the same bytes, and 40 readers beside 10 who vote.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { type DatabasePlace, openDatabase } from "../apps/site/src/server/database/open.ts";
import { noPostgres, startPostgres } from "../apps/site/test/postgres.ts";
import { compare, printMachine, seconds } from "./harness.ts";
import { ask, constant, started } from "./http-load.ts";
import { makeSite } from "./site-data.ts";

const papers = Number(process.env.PAPERS ?? 20_000);
const requests = Number(process.env.BENCH_REQUESTS ?? 2000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const mixSeconds = Number(process.env.MIX_SECONDS ?? 20);
const voters = 300;

const folder = mkdtempSync(join(tmpdir(), "reprise-load-"));
const cli = fileURLToPath(new URL("../apps/cli/bin/reprise.mjs", import.meta.url));
const tokenOf = (voter: number) => createHash("sha256").update(`voter ${voter}`).digest("base64url");
const hash = (token: string) => createHash("sha256").update(token).digest("base64url");

/** As browsers send it: a page is packed before it is sent. */
const encodings = "Accept-Encoding: gzip, deflate, br";

let asked = 0;
/** Each from an address of its own: what is measured is the site, not its limits. */
const from = () => `X-Forwarded-For: 10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked++ & 255}`;
/** Another paper each time, more than the site keeps pages of. */
const page = () =>
  `GET /paper?bibtexKey=journals/made/Paper${(asked * 7919) % papers} HTTP/1.1\r\nHost: 127.0.0.1\r\n${from()}\r\n${encodings}\r\n\r\n`;

async function measure(name: string, place: DatabasePlace, goals: { readonly pages: number }): Promise<void> {
  console.log(`— ${name}, ${papers} papers, ${3 * papers} summaries`);
  const { db, close } = await openDatabase(place, { queryTimeout: 600_000 });
  await makeSite(db, { papers, summariesEach: 3, seed: 1 });
  const people = await db.selectFrom("users").select("id").orderBy("id").limit(voters).execute();
  await db
    .insertInto("sessions")
    .values(
      people.map(({ id }, voter) => ({
        ...{ token_hash: hash(tokenOf(voter)), user_id: id, agent: "bench" },
        expires_at: new Date(Date.now() + 86_400_000),
      })),
    )
    .execute();
  const { rows } = await sql<{ ref: string }>`select ref from summaries order by ref limit 5000`.execute(db);
  await close();

  const start = performance.now();
  const data = "directory" in place ? place.directory : join(folder, "unused");
  const server = await started([cli, "serve", "--port", "0", "--trust-proxy", "--data-dir", data], {
    DATABASE_URL: "url" in place ? place.url : "",
  });
  console.log(`  cold start: ${((performance.now() - start) / 1000).toFixed(2)} s   goal 2`);
  const answerFile = join(folder, "answer.json");
  const answer = await fetch(`http://127.0.0.1:${server.port}/paper?bibtexKey=journals/made/Paper0`, {
    headers: { "Accept-Encoding": "identity", "X-Forwarded-For": "10.255.255.255" },
  });
  const headers = Object.fromEntries(
    [...answer.headers].filter(([key]) => !/^(date|connection|keep-alive)$/.test(key)),
  );
  writeFileSync(
    answerFile,
    JSON.stringify({ headers, body: Buffer.from(await answer.arrayBuffer()).toString("base64") }),
  );
  const other = await started(["-e", constant], { ANSWER: answerFile });
  try {
    const load = (port: number) => {
      let left = requests;
      return seconds(() => ask(port, 50, () => (left-- > 0 ? page() : undefined)));
    };
    await compare(
      `  ${requests} pages from the database, 50 connections`,
      { name: "the pages", run: () => load(server.port) },
      { name: "constant", run: () => load(other.port) },
      { rounds, goal: goals.pages },
    );
    const until = performance.now() + mixSeconds * 1000;
    const whileTimed = (request: () => string) => () => (performance.now() < until ? request() : undefined);
    let voted = 0;
    const vote = () => {
      const body = `ref=${rows[voted % rows.length]!.ref}&vote=${voted % 3 === 0 ? -1 : 1}`;
      const cookie = `Cookie: reprise-session=${tokenOf(voted++ % voters)}`;
      return `POST /vote HTTP/1.1\r\nHost: 127.0.0.1\r\n${from()}\r\n${cookie}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const [reads, writes] = await Promise.all([
      ask(server.port, 40, whileTimed(page)),
      ask(server.port, 10, whileTimed(vote)),
    ]);
    console.log(
      `  ${mixSeconds} s of 40 readers and 10 voters: ${told(reads, "reads", 100)}, ${told(writes, "votes", 150)}\n`,
    );
  } finally {
    other.child.kill();
    const ended = new Promise((resolve) => server.child.on("exit", resolve));
    server.child.kill("SIGTERM");
    await ended;
  }
}

function told(times: readonly number[], what: string, goal: number): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return `${Math.round(times.length / mixSeconds)} ${what} a second, median ${at(0.5)} ms, p99 ${at(0.99)} ms (goal ${goal})`;
}

printMachine();
try {
  await measure("PGlite", { directory: join(folder, "data") }, { pages: 0.05 });
  if (noPostgres) console.log(`skipped on PostgreSQL: ${noPostgres}`);
  else {
    const postgres = await startPostgres();
    try {
      await measure("PostgreSQL", { url: postgres.url }, { pages: 0.12 });
    } finally {
      postgres.stop();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
