// The site is killed (SIGKILL) again and again while people comment, on PGlite and, where it is installed, on
// PostgreSQL: every comment that was answered with its address must still be there. `KILLS=5` for a quick look.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { type DatabasePlace, openDatabase } from "../apps/site/src/server/database/open.ts";
import { noPostgres, startPostgres } from "../apps/site/test/postgres.ts";
import { printMachine } from "./harness.ts";
import { started } from "./http-load.ts";
import { makeSite } from "./site-data.ts";

const kills = Number(process.env.KILLS ?? 100);
const writers = 10;
const folder = mkdtempSync(join(tmpdir(), "reprise-kill-"));
const cli = fileURLToPath(new URL("../apps/cli/bin/reprise.mjs", import.meta.url));
const tokenOf = (writer: number) => createHash("sha256").update(`writer ${writer}`).digest("base64url");
const hash = (token: string) => createHash("sha256").update(token).digest("base64url");

async function measure(name: string, place: DatabasePlace): Promise<void> {
  const { db, close } = await openDatabase(place);
  await makeSite(db, { papers: 20, summariesEach: 3, seed: 1 });
  const people = await db
    .updateTable("users")
    .set({ role: "moderator" }) // who may write as fast as they can
    .where("id", "<=", writers)
    .returning("id")
    .execute();
  const expires_at = new Date(Date.now() + 86_400_000);
  const sessions = people.map(({ id }, i) => ({
    token_hash: hash(tokenOf(i)),
    user_id: id,
    agent: "bench",
    expires_at,
  }));
  await db.insertInto("sessions").values(sessions).execute();
  const { rows } = await sql<{ ref: string }>`select ref from summaries order by ref`.execute(db);
  await close();

  const acknowledged = new Set<string>();
  const data = "directory" in place ? place.directory : join(folder, "unused");
  for (let kill = 0; kill < kills; kill++) {
    const { port, child } = await started([cli, "serve", "--port", "0", "--trust-proxy", "--data-dir", data], {
      DATABASE_URL: "url" in place ? place.url : "",
    });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    let killed = false;
    const write = async (writer: number) => {
      for (let i = 0; !killed; i++) {
        const answer = await fetch(`http://127.0.0.1:${port}/comment`, {
          method: "POST",
          redirect: "manual",
          headers: {
            Cookie: `reprise-session=${tokenOf(writer)}`,
            "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": `10.${kill & 255}.${writer}.${i & 255}`,
          },
          body: new URLSearchParams({ ref: rows[(kill * 31 + i) % rows.length]!.ref, text: `Comment ${kill}-${i}.` }),
        }).catch(() => undefined);
        const ref = /#c-(\w+)$/.exec(answer?.headers.get("Location") ?? "")?.[1];
        if (ref) acknowledged.add(ref);
        else if (answer) throw new Error(`${answer.status}: ${(await answer.text()).slice(0, 300)}`);
      }
    };
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
    // At another moment each time, from the first write on.
    await Promise.race([writing, new Promise((resolve) => setTimeout(resolve, 400 + ((kill * 137) % 700)))]);
    child.kill("SIGKILL");
    killed = true;
    await Promise.all([writing, ended]);
  }
  const after = await openDatabase(place);
  const found = await after.db.selectFrom("comments").select("ref").execute();
  await after.close();
  const there = new Set(found.map(({ ref }) => ref));
  const lost = [...acknowledged].filter((ref) => !there.has(ref));
  if (acknowledged.size < kills) throw new Error(`only ${acknowledged.size} comments were written: nothing is shown`);
  console.log(`${name}: ${kills} kills, ${acknowledged.size} comments acknowledged, ${lost.length} lost   goal 0`);
  if (lost.length > 0) process.exitCode = 1;
}

printMachine();
try {
  await measure("PGlite", { directory: join(folder, "data") });
  if (noPostgres) console.log(`skipped on PostgreSQL: ${noPostgres}`);
  else {
    const postgres = await startPostgres();
    try {
      await measure("PostgreSQL", { url: postgres.url });
    } finally {
      postgres.stop();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
