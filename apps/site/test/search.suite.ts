// Finding papers over HTTP and in the database: a part of routes.suite.ts.
import type { Hono } from "hono";
import { type Kysely, sql } from "kysely";
import { expect, test } from "vitest";
import type { Tables } from "../src/server/database/schema.ts";
import { paperCards } from "../src/server/papers.ts";
import { searchPapers, suggestPapers } from "../src/server/search/search.ts";
import { Visits } from "../src/server/visits.ts";

/** Declares the tests; the site is asked for in each of them. */
export function searchSuite(site: () => { readonly app: Hono; readonly db: Kysely<Tables> }): void {
  const run = "journals/corr/SampleRun21";
  const old = "journals/corr/SampleOld19";
  const get = async (path: string) => {
    const response = await site().app.request(path);
    return { status: response.status, text: await response.text(), location: response.headers.get("Location") };
  };
  const found = async (query: string) =>
    (await searchPapers(site().db, query, { limit: 10 })).hits.map(({ bibtexKey }) => bibtexKey);
  const titles = (text: string) => [...text.matchAll(/<h2><a href="[^"]*">(.*?)<\/a>/g)].map(([, title]) => title);

  test.each([
    ["a word of the title", "gradients", [run]],
    ["another form of the word", "gradient", [run]],
    ["an author without the accent", "emile", [run]],
    ["an author with it", "Émile", [run]],
    ["a word of the summary only", "emphasis", [run]],
    ["words from title and summary together", "gradients emphasis", [run]],
    ["the key, and a summary that cites it", "journals/corr/SampleOld19", [old, run]],
    ["the key's last part", "SampleRun21", [run]],
    ["the arXiv id", "2101.00001", [run]],
    ["the arXiv address with a version", "https://arxiv.org/abs/2101.00001v3", [run]],
    ["a phrase", '"older sample"', [old]],
    ["a phrase whose words stand apart", '"gradients fixtures"', []],
    ["a word, and one that must not occur", "sample -gradients", [old]],
    ["the year and an author", "ada 2019", [old]],
    ["letters put in, left out, exchanged", "gradeints", [run]],
    ["a word that has only begun", "gradie", [run]],
    ["nothing that occurs", "zzyzxq", []],
    ["punctuation only", "?!", []],
    ["PostgreSQL's own signs", "sample & | ! <-> :* ')", [run, old]],
    ["what would be SQL", "'; drop table papers; --", []],
  ])("%s finds its papers", async (_, query, keys) => {
    expect((await found(query)).toSorted()).toEqual(keys.toSorted());
  });

  test("the page shows what was found, marks it, and says what was searched for in place of a slip", async () => {
    const { status, text } = await get("/search?q=emhpasis");
    expect(status).toBe(200);
    expect(text).toContain("1 paper for <a");
    expect(text).toContain('href="/search?q=emphasis"');
    expect(text).toContain("<mark>emphasis</mark>");
    expect(text).toContain('<meta name="robots" content="noindex">');
    expect((await get("/search?q=zzyzxq")).text).toContain("No paper matches.");
  });

  test("the paper of a key comes first", async () => {
    expect((await found("journals/corr/SampleOld19"))[0]).toBe(old);
  });

  test("what a reader typed stands on the page as text", async () => {
    const { text } = await get(`/search?q=${encodeURIComponent('"><script>window.pwned = 1</script>')}`);
    expect(text).not.toContain("<script>window");
    expect(text).toContain("&lt;script&gt;window.pwned = 1&lt;/script&gt;");
  });

  test("a hostile title is found and stays text", async () => {
    const { text } = await get("/search?q=pwned");
    expect(titles(text)).toEqual(["&lt;/title&gt;&lt;script&gt;window.pwned = 15&lt;/script&gt;"]);
    expect(text).not.toContain("<script>window");
  });

  test.each([
    ["tag=samples", ["Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles"]],
    ["venue=Proceedings+of+the+Test+Suite&year=2019", ["An Older Sample"]],
    ["year=1966", ["&lt;/title&gt;&lt;script&gt;window.pwned = 15&lt;/script&gt;"]],
    ["runs=yes", ["Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles"]],
    ["reproduced=yes", ["Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles"]],
    ["q=sample&runs=yes", ["Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles"]],
    ["tag=no+such+tag", []],
    ["year=not-a-year&tag=samples", ["Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles"]],
  ])("/search?%s narrows the list", async (query, expected) => {
    expect(titles((await get(`/search?${query}`)).text)).toEqual(expected);
  });

  test("the addresses of ShortScience's venues and years lead to the list, /random to a paper", async () => {
    expect(await get("/venue?key=Proceedings+of+the+Test+Suite&year=2019")).toMatchObject({
      status: 301,
      location: "/search?venue=Proceedings+of+the+Test+Suite&year=2019",
    });
    expect(await get("/year?year=2019")).toMatchObject({ status: 301, location: "/search?year=2019" });
    expect((await get("/random")).location).toMatch(/^\/paper\?bibtexKey=journals\/corr\//);
  });

  test("suggestions take the last word as unfinished, and come as JSON", async () => {
    const { db } = site();
    expect((await suggestPapers(db, "gradients of a sam")).map(({ bibtexKey }) => bibtexKey)).toEqual([run]);
    expect((await suggestPapers(db, "sam")).map(({ bibtexKey }) => bibtexKey).toSorted()).toEqual(
      [old, run].toSorted(),
    );
    expect(await suggestPapers(db, "s")).toEqual([]);
    const { suggestions } = JSON.parse((await get("/api/papers/suggest?q=older")).text);
    expect(suggestions).toEqual([
      {
        bibtexKey: old,
        title: "An Older Sample",
        authors: expect.any(Array),
        year: 2019,
        path: `/paper?bibtexKey=${old}`,
      },
    ]);
    const long = await get(`/api/papers/suggest?q=${"a".repeat(201)}`);
    expect(long.status).toBe(400);
    expect(JSON.parse(long.text)).toEqual({ error: "The query has 201 characters; at most 200 are searched." });
  });

  test("what is written, changed, voted for and taken away is found, ordered and lost at once", async () => {
    const { db } = site();
    const { id } = await db.selectFrom("papers").select("id").where("bibtex_key", "=", old).executeTakeFirstOrThrow();
    const user = await db
      .insertInto("users")
      .values({ name: "finder", display_name: "Finder" })
      .returning("id")
      .executeTakeFirstOrThrow();
    const text = "Quagmires of gradients are avoided.";
    const summary = await db
      .insertInto("summaries")
      .values({ paper_id: id, user_id: user.id, source: text, html: text, teaser_html: text, teaser_text: text, text })
      .returning("id")
      .executeTakeFirstOrThrow();
    expect(await found("quagmire")).toEqual([old]);
    expect(await found("gradients")).toEqual([run, old]); // the title before the summary
    const score = async () =>
      (await db.selectFrom("paper_search").select("score").where("paper_id", "=", id).executeTakeFirstOrThrow()).score;
    await db.insertInto("votes").values({ summary_id: summary.id, user_id: user.id, vote: 1 }).execute();
    expect(await score()).toBe(1);
    expect(titles((await get("/?order=best")).text)[0]).toBe("An Older Sample");
    await db.deleteFrom("votes").where("user_id", "=", user.id).execute();
    expect(await score()).toBe(0);
    await db.updateTable("summaries").set({ text: "Bogs are avoided." }).where("id", "=", summary.id).execute();
    expect([await found("quagmire"), await found("bogs")]).toEqual([[], [old]]);
    await db.deleteFrom("summaries").where("id", "=", summary.id).execute();
    expect(await found("bogs")).toEqual([]);
    await db.updateTable("papers").set({ withdrawn_at: new Date() }).where("id", "=", id).execute();
    expect(await found("older sample")).toEqual([]);
    await db.updateTable("papers").set({ withdrawn_at: null }).where("id", "=", id).execute();
    expect(await found("older sample")).toEqual([old]);
    await db.deleteFrom("users").where("id", "=", user.id).execute();
  });

  test("visits are counted by day and order the popular list; machines and unknown keys are not counted", async () => {
    const { db } = site();
    const visits = new Visits(db);
    const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    for (const agent of [firefox, firefox, "Googlebot/2.1", undefined]) visits.seen(`/paper?bibtexKey=${old}`, agent);
    visits.seen("/paper?bibtexKey=no/such/key", firefox);
    visits.seen("/about", firefox);
    let told = 0;
    visits.onWritten = () => told++;
    await visits.write();
    await visits.write(); // nothing new
    expect(told).toBe(1);
    expect((await sql`select count, day = current_date as today from visits`.execute(db)).rows).toEqual([
      { count: 2, today: true },
    ]);
    const order = async () => (await paperCards(db, { order: "popular" })).map(({ bibtexKey }) => bibtexKey);
    expect((await order())[0]).toBe(old);
    await sql`update visits set day = day - 2`.execute(db);
    visits.seen(`/paper?bibtexKey=${run}`, firefox);
    await visits.write();
    expect((await order())[0]).toBe(run);
    expect((await sql`select visits from paper_search order by visits`.execute(db)).rows).toEqual(
      [0, 0, 1].map((count) => ({ visits: count })), // those of two days ago have gone
    );
    await sql`delete from visits`.execute(db);
  });

  test("home has the orders as links, and a page that is not there is 404", async () => {
    const { text } = await get("/?order=recent");
    expect(text).toContain('<a href="/?order=recent" title="newest summaries first" aria-current="true">Recent</a>');
    expect(text).toContain('<link rel="canonical" href="https://reprise.test/?order=recent">');
    const none = await get("/?page=7");
    expect([none.status, none.text.includes("The list of papers has no page 7.")]).toEqual([404, true]);
    expect((await get("/search?q=sample&page=7")).text).toContain("The list of what was found has no page 7.");
    expect((await get("/search?tag=samples&page=7")).text).toContain("The list of papers has no page 7.");
    expect((await get("/?order=nonsense")).status).toBe(200);
  });
}
