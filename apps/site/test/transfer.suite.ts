// Backups go out of one database and into the other, and back, with every row; what is wrong with a file is told by line.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readContent } from "../src/server/content.ts";
import { type Database, type DatabasePlace, openDatabase } from "../src/server/database/open.ts";
import type { Tables } from "../src/server/database/schema.ts";
import { Renderer } from "../src/server/renderer.ts";
import { seed } from "../src/server/seed.ts";
import { backupSite, restoreSite } from "../src/server/transfer/backup.ts";
import { exportSite } from "../src/server/transfer/export.ts";
import { importSite } from "../src/server/transfer/import.ts";
import { dailyBackup } from "../src/server/transfer/nightly.ts";
import { tablesOf } from "../src/server/transfer/tables.ts";

const content = fileURLToPath(new URL("./fixtures/content", import.meta.url));

/** Every row of every table, as text. */
async function everything(db: Kysely<Tables>): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { name, columns } of await tablesOf(db)) {
    const list = sql.join(columns.map((each) => sql.ref(each)));
    const { rows } = await sql<{ row: string }>`
      select row_to_json(r)::text as row from (select ${list} from ${sql.table(name)}) r`.execute(db);
    found[name] = rows.map(({ row }) => row).sort();
  }
  return found;
}

/** Of each kind of row one at least; what somebody keeps to themselves included. */
async function fill(db: Kysely<Tables>): Promise<void> {
  await seed(db, readContent(content));
  await sql`insert into users (name, display_name, email, password_hash, created_at) select 'person' || i, 'Person ' || i,
    'p' || i || '@x.test', 'hash', '2026-01-02 03:04:05.678901+00' from generate_series(1, 20) i`.execute(db);
  await sql`insert into papers (bibtex_key, title, venue_id, year, bibtex)
    select 'many/' || i, 'Paper ' || i || ' "quoted" \\ é 😀', 1, 2000 + i % 20, '@misc{x}' from generate_series(1, 510) i`.execute(
    db,
  );
  await sql`insert into paper_authors (paper_id, position, author_id)
    select p.id, 0, (select min(id) from authors) from papers p where bibtex_key like 'many/%'`.execute(db);
  await sql`insert into summaries (paper_id, user_id, source, html, teaser_html, teaser_text, visibility, share, anonymous)
    select p.id, u.id, case u.id % 3 when 0 then 'Private text' else 'Text ' || p.id end, '<p>Text</p>', '<p>Text</p>', 'Text',
      case u.id % 3 when 0 then 'private' else 'public' end, case u.id % 3 when 0 then gen_random_uuid()::text end, u.id % 2 = 0
    from (select id from papers where bibtex_key like 'many/%' order by id limit 40) p
    join (select id from users where name like 'person%' order by id limit 6) u on true`.execute(db);
  await sql`insert into revisions (summary_id, version, source) select id, 1, source from summaries limit 50`.execute(
    db,
  );
  await sql`insert into votes (summary_id, user_id, vote) select s.id, s.user_id, 1 from summaries s`.execute(db);
  await sql`insert into drafts (user_id, paper_id, source, version)
    select u.id, 1, 'Not for you', 0 from users u limit 5`.execute(db);
  await sql`insert into comments (summary_id, user_id, source, html, anonymous)
    select s.id, s.user_id, 'Ah', '<p>Ah</p>', s.anonymous from summaries s limit 30`.execute(db);
  await sql`insert into comments (summary_id, user_id, source, html, parent_id, anonymous)
    select summary_id, user_id, 'Oh', '<p>Oh</p>', id, anonymous from comments limit 10`.execute(db);
  await sql`insert into paper_aliases (alias, paper_id) select 'alias/' || id, id from papers limit 30`.execute(db);
  await sql`insert into audit_log (actor_id, action, subject) values (1, 'hid', 'a summary')`.execute(db);
  await sql`insert into visits (paper_id, day, count) select id, '2026-11-30', 3 from papers limit 9`.execute(db);
  await sql`insert into sessions (token_hash, user_id, agent, expires_at) values ('h', 1, 'a', now())`.execute(db);
  await sql`insert into settings (name, value) values ('readOnly', 'no')`.execute(db);
}

/** @param places  empty databases of this kind and of the other */
export function transferSuite(
  kind: string,
  places: () => Promise<{ readonly here: DatabasePlace; readonly there: () => Promise<DatabasePlace> }>,
  empty: () => Promise<DatabasePlace>,
): void {
  const folder = mkdtempSync(join(tmpdir(), "reprise-transfer-"));
  const file = join(folder, "site.jsonl");
  let from: Database;
  let to: Database;
  beforeAll(async () => {
    const { here, there } = await places();
    from = await openDatabase(here);
    to = await openDatabase(await there());
    await fill(from.db);
  }, 60_000);
  afterAll(async () => {
    await from?.close();
    await to?.close();
    rmSync(folder, { recursive: true });
  });

  test(`${kind}: a backup under load is of one moment`, async () => {
    let stop = false;
    const writing = (async () => {
      for (let i = 0; !stop; i++)
        await from.db.transaction().execute(async (trx) => {
          // Both rows or neither: whoever sees one alone has looked at two moments.
          await sql`insert into users (name, display_name) values (${`load${i}`}, 'x')`.execute(trx);
          await sql`insert into venues (name) values (${`load${i}`})`.execute(trx);
        });
    })();
    await backupSite(from.db, join(folder, "load.jsonl"));
    stop = true;
    await writing;
    const lines = readFileSync(join(folder, "load.jsonl"), "utf8").trimEnd().split("\n");
    const rows = lines.map((line) => JSON.parse(line) as { table?: string; row?: { name?: string } });
    const loaded = (table: string) =>
      rows.filter((each) => each.table === table && each.row?.name?.startsWith("load")).map(({ row }) => row?.name);
    expect(new Set(loaded("users"))).toEqual(new Set(loaded("venues")));
  });

  test(`${kind}: what is wrong with a backup is told by line, and nothing of it is kept`, async () => {
    await backupSite(from.db, file);
    const good = readFileSync(file, "utf8").trimEnd().split("\n").slice(0, -1);
    const restored = async (lines: readonly string[], { whole = true } = {}) => {
      const text = lines.map((line) => `${line}\n`).join("");
      const end = { end: true, lines: lines.length, sha256: createHash("sha256").update(text).digest("hex") };
      writeFileSync(join(folder, "bad.jsonl"), whole ? `${text}${JSON.stringify(end)}\n` : text);
      const error = await restoreSite(to.db, join(folder, "bad.jsonl")).then(
        () => undefined,
        (cause: Error) => cause.message.replace(folder, ""),
      );
      expect((await everything(to.db)).papers).toEqual([]);
      return error;
    };
    const last = good.length;
    const users = good.findIndex((line) => line.startsWith('{"table":"users"'));
    expect(await restored(good, { whole: false })).toBe(
      `/bad.jsonl, line ${last}: the file ends here without its last line: it was cut off`,
    );
    expect(await restored(good.map((line, i) => (i === 0 ? line.replace('"format":1', '"format":9') : line)))).toBe(
      "/bad.jsonl, line 1: the backup has format 9; this version reads format 1",
    );
    expect(await restored(["{}"])).toBe("/bad.jsonl, line 1: this is no backup of a Reprise site");
    const [head = ""] = good;
    expect(await restored([head.replace('"migrations":[', '"migrations":[{"name":"9999-x.sql","sha256":"0"},')])).toBe(
      "/bad.jsonl, line 1: made by another version of Reprise: it has migration 9999-x.sql, unknown here",
    );
    expect(await restored([head.replace(/\{"name":"0007[^}]*\},?/, "")])).toBe(
      "/bad.jsonl, line 1: made by an older version of Reprise, without migration 0007-discussion.sql: restore it with that version, then update",
    );
    expect(await restored([...good, '{"table":"secrets","row":{}}'])).toBe(
      `/bad.jsonl, line ${last + 1}: the table secrets is unknown`,
    );
    expect(await restored([...good, "{"])).toBe(
      `/bad.jsonl, line ${last + 1}: no row: expected {"table": …, "row": {…}}`,
    );
    expect(await restored(good.with(users, good[users]!.replace('"name"', '"names"')))).toBe(
      `/bad.jsonl, line ${users + 1}: table users has no column names`,
    );
    expect(await restored(good.with(users, good[users]!.replace(/"about":"[^"]*",?/, "")))).toBe(
      `/bad.jsonl, line ${users + 1}: the row of table users lacks the column about`,
    );
    expect(await restored(good.toSpliced(users + 1, 0, good[users]!))).toMatch(
      new RegExp(`^/bad.jsonl, line ${users + 2}: table users: Key \\(id\\)=\\(1\\) already exists`),
    );
    expect(await restored([...good, good[users]!])).toMatch(/a row of table users stands after those of/);
    const text = readFileSync(file, "utf8");
    writeFileSync(join(folder, "changed.jsonl"), text.replace("Paper 7 ", "Paper 8 "));
    await expect(restoreSite(to.db, join(folder, "changed.jsonl"))).rejects.toThrow(
      "its SHA-256 is another than when it was written",
    );
    await expect(restoreSite(to.db, join(folder, "none.jsonl"))).rejects.toThrow("none.jsonl cannot be read: ENOENT");
    expect((await everything(to.db)).papers).toEqual([]);
  });

  test(`${kind}: a site goes into an empty one of the other kind with every row, and is refused by a full one`, async () => {
    const packed = join(folder, "site.jsonl.gz");
    const count = await backupSite(from.db, packed);
    expect(await restoreSite(to.db, packed)).toBe(count);
    expect(await everything(to.db)).toEqual(await everything(from.db));
    await expect(restoreSite(to.db, packed)).rejects.toThrow(/^the site is not empty: table \w+ has rows/);
    // It goes on: numbers continue, triggers work.
    await sql`insert into users (name, display_name) values ('after', 'After')`.execute(to.db);
    await sql`insert into papers (bibtex_key, title, venue_id, year, bibtex) values ('after', 'Zymurgy', 1, 2020, '')`.execute(
      to.db,
    );
    const { rows } = await sql`select from paper_search where head @@ to_tsquery('english', 'zymurgy')`.execute(to.db);
    expect(rows).toHaveLength(1);
    await expect(sql`delete from audit_log`.execute(to.db)).rejects.toThrow("the audit log is only added to");
  });

  test(`${kind}: what is public goes into a new site, an interrupted import goes on, private words stay behind`, async () => {
    const dump = join(folder, "public.jsonl");
    const renderer = new Renderer();
    await exportSite(from.db, dump);
    const text = readFileSync(dump, "utf8");
    const { rows: silent } = await sql<{ name: string }>`select name from users u where name like 'person%'
      and not exists (select from summaries s where s.user_id = u.id and s.listed and not s.anonymous)`.execute(
      from.db,
    );
    expect(silent.length).toBeGreaterThan(14);
    const secrets = [
      "Not for you",
      "Private text",
      "@x.test",
      "password",
      '"share"',
      ...silent.map(({ name }) => `"${name}"`),
    ];
    for (const secret of secrets) expect([secret, text.includes(secret)]).toEqual([secret, false]);
    expect(text).toContain('"author":null');
    const lines = text.trimEnd().split("\n").slice(0, -1);
    const good = lines.filter((line, i) => i < 25 || !/"bibtexKey":"many\/[4-9]/.test(line));
    const write = (kept: readonly string[]) => {
      const whole = kept.map((line) => `${line}\n`).join("");
      const end = { end: true, lines: kept.length, sha256: createHash("sha256").update(whole).digest("hex") };
      writeFileSync(dump, `${whole}${JSON.stringify(end)}\n`);
    };
    const taken = () => importSite(fresh.db, renderer, dump);
    const fresh = await openDatabase(await empty());
    const problem = async (kept: readonly string[]) => {
      write(kept);
      const message = await taken().then(
        () => undefined,
        (error: Error) => error.message.replace(folder, ""),
      );
      const { rows } = await sql`select from papers`.execute(fresh.db);
      return [message, rows.length];
    };
    const paper = good.findIndex((line) => line.includes('"kind":"paper"'));
    const evil = (change: (line: string) => string) => problem(good.with(paper, change(good[paper]!)));
    const n = paper + 1;
    expect(await evil((line) => line.replace('"title"', '"html":"<script>","title"'))).toEqual([
      `/public.jsonl, line ${n}: Unrecognized key: "html"`,
      0,
    ]);
    expect((await evil((line) => line.replace(/"bibtexKey":"[^"]*"/, '"bibtexKey":"../../etc/x"')))[0]).toContain(
      "no path out of a folder",
    );
    expect(
      (
        await evil((line) =>
          line.replace(
            /"run":(null|\{.*?\}),"summaries"/,
            '"run":{"title":"a","caption":"b","command":"c","machine":"d","date":"2026-01-01T00:00:00Z","image":{"file":"../x.png","width":1,"height":1,"alt":"e"}},"summaries"',
          ),
        )
      )[0],
    ).toContain("a .png or .svg file in the same folder");
    expect(await problem(good.toSpliced(paper + 1, 0, good[paper]!))).toEqual([
      expect.stringMatching(new RegExp(`line ${n + 1}: the key .* stands in line ${n} already$`)),
      0,
    ]);
    expect((await problem(good.filter((line) => !line.includes('"name":"reprise"'))))[0]).toContain(
      "there is no person reprise before it",
    );
    expect((await problem([good[0]!.replace('"format":1', '"format":2')]))[0]).toContain("this version reads format 1");
    expect((await problem(["{}"]))[0]).toContain("this is no export of a Reprise site");
    const attack = "Hostile <img src=x onerror=alert(1)> <script>alert(1)</script>";
    write(good.map((line) => line.replaceAll('"markdown":"Text', `"markdown":"${attack}`)));
    const stop = new AbortController();
    const onProgress = ({ done }: { done: number }) => done > 20 && stop.abort(new Error("stopped"));
    await expect(importSite(fresh.db, renderer, dump, { signal: stop.signal, onProgress })).rejects.toThrow("stopped");
    const all = good.filter((line) => line.includes('"kind":"paper"')).length;
    expect(await taken()).toBe(all);
    await expect(taken()).rejects.toThrow("the site is not empty: it has papers or people.");
    const { rows } = await sql<{ html: string }>`select html from summaries`.execute(fresh.db);
    expect(rows.length).toBeGreaterThan(3);
    for (const { html } of rows) expect(html).not.toMatch(/<script|onerror/);
    // Out again: the same lines, but for what was made hostile, and votes, which are people's.
    await exportSite(fresh.db, join(folder, "again.jsonl"));
    const again = readFileSync(join(folder, "again.jsonl"), "utf8").trimEnd().split("\n").slice(1, -1);
    const alike = (line: string) => line.replaceAll(attack, "Text").replace(/"votes":\d+/g, "");
    const papersOf = (list: readonly string[]) =>
      list
        .filter((line) => line.includes('"kind":"paper"'))
        .map(alike)
        .sort();
    expect(papersOf(again)).toEqual(papersOf(good));
    await renderer.close();
    await fresh.close();
  });

  test(`${kind}: the server writes one backup a day and keeps fourteen`, async () => {
    const daily = join(folder, "daily");
    const day = (number: number) => new Date(Date.UTC(2026, 10, number, 3));
    for (let number = 1; number <= 15; number++)
      if (number > 1 && number < 14) {
        writeFileSync(join(daily, `site-2026-11-${String(number).padStart(2, "0")}.jsonl.gz`), "");
      } else expect(await dailyBackup(from.db, daily, day(number))).toMatch(/site-2026-11-\d\d\.jsonl\.gz$/);
    expect(await dailyBackup(from.db, daily, day(15))).toBeUndefined();
    expect([readdirSync(daily).length, readdirSync(daily)[0]]).toEqual([14, "site-2026-11-02.jsonl.gz"]);
  });

  test(`${kind}: a backup that cannot be written leaves nothing`, async () => {
    await expect(backupSite(from.db, join(folder, "no", "such.jsonl"))).rejects.toThrow(
      /no\/such\.jsonl cannot be written: ENOENT.*Nothing of it is left\.$/,
    );
    // Linux has a disk that is always full.
    if (existsSync("/dev/full")) {
      symlinkSync("/dev/full", join(folder, "full.jsonl.part"));
      await expect(backupSite(from.db, join(folder, "full.jsonl"))).rejects.toThrow(
        /full\.jsonl cannot be written: the disk is full\. Nothing of it is left\.$/,
      );
    }
    const stop = new AbortController();
    const stopped = backupSite(from.db, join(folder, "stopped.jsonl"), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("stopped")),
    });
    await expect(stopped).rejects.toThrow("stopped");
    expect(readdirSync(folder).filter((name) => /stopped|full|part/.test(name))).toEqual([]);
  });
}
