// Writing summaries: preview, drafts, versions, private links, two tabs, licence; run on both databases.
import { describe, expect, test } from "vitest";
import { Client, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";

export const paper = "/paper?bibtexKey=journals/corr/SampleOld19";
const bibtexKey = "journals/corr/SampleOld19";

/** The form of a public summary, as a page would send it. */
export const summaryForm = (source: string, more: Record<string, string> = {}) => ({
  ...{ bibtexKey, version: "0", source, machine: "none", visibility: "public", licence: "yes", action: "save" },
  ...more,
});

export function summariesSuite(made: () => Made): void {
  describe("summaries", () => {
    /** Somebody whose posts are shown at once. */
    const known = async (name: string) => {
      const client = await somebody(made().app, name);
      await made().db.updateTable("users").set({ trusted_at: new Date() }).where("name", "=", name).execute();
      return client;
    };
    const refOf = async (name: string) =>
      await made()
        .db.selectFrom("summaries as s")
        .innerJoin("users as u", "u.id", "s.user_id")
        .where("u.name", "=", name)
        .select(["s.ref", "s.share", "s.version"])
        .executeTakeFirstOrThrow();

    test("a summary is published under its author's name, as Markdown with formulas, with its history", async () => {
      const { app } = made();
      const client = await known("writer");
      const text =
        "It shows $x^2$, as [@journals/corr/SampleRun21] does.\n\n<script>alert(1)</script>\n\nEnd[^1].\n\n[^1]: A note.";
      const sent = await client.post("/write", summaryForm(text));
      const { ref } = await refOf("writer");
      expect([sent.status, sent.to]).toEqual([303, `${paper}#s-${ref}`]);
      const page = (await new Client(app).get(paper)).text;
      expect(page).toContain('<annotation encoding="application/x-tex">x^2</annotation>');
      expect(page).toContain('class="cite">Sample and Fixture 2021</a>');
      expect(page).toContain('<a href="/user?name=writer">writer</a>');
      expect(page).not.toContain("<script>alert");
      expect(page).not.toMatch(/id="writer-|name="writer/); // footnotes are not named by their author
      expect((await new Client(app).get("/user?name=writer")).text).toContain(`#s-${ref}`);
      const second = await client.post("/write", summaryForm("It shows $x^3$.\n\nEnd.", { version: "1" }));
      expect(second.status).toBe(303);
      const history = (await new Client(app).get(`/summary/history?ref=${ref}`)).text;
      expect(history).toContain("<del>− It shows $x^2$, as [@journals/corr/SampleRun21] does.");
      expect(history).toContain("<ins>+ It shows $x^3$.");
      expect(history).not.toContain("Restore");
      expect((await client.post("/summary/restore", { ref, restore: "1" })).status).toBe(303);
      expect((await new Client(app).get(paper)).text).toContain(">x^2</annotation>");
      expect((await refOf("writer")).version).toBe(3);
      expect((await new Client(app).get(`/summary/source?ref=${ref}`)).text).toBe(text);
    });

    test("a version that was private stays so when the summary becomes public", async () => {
      const { app } = made();
      const client = await known("later-public");
      await client.post("/write", summaryForm("My doubts, for me alone.", { visibility: "private" }));
      await client.post("/write", summaryForm("What all may read.", { version: "1" }));
      const { ref } = await refOf("later-public");
      const stranger = new Client(app);
      const page = () => stranger.get(paper).then(({ text }) => text.includes(`/summary/history?ref=${ref}`));
      const history = (who: Client, version = "") => who.get(`/summary/history?ref=${ref}${version}`);
      expect((await history(stranger)).text).toContain("<ins>+ What all may read.");
      expect((await history(stranger)).text).not.toMatch(/doubts|Version 1/);
      expect((await history(stranger, "&version=1")).status).toBe(404);
      expect((await history(client)).text).toContain("<del>− My doubts, for me alone.");
      expect(await page()).toBe(false);
      await client.post("/write", summaryForm("Hidden again.", { version: "2", visibility: "private" }));
      await client.post("/write", summaryForm("All may read this too.", { version: "3" }));
      expect((await history(stranger)).text).toContain("<del>− What all may read.");
      expect((await history(stranger)).text).not.toMatch(/doubts|Hidden again/);
      expect(await page()).toBe(true);
    });

    test("an earlier version is restored under the rules of writing: held for newcomers, refused when locked", async () => {
      const { app, db } = made();
      const client = await somebody(app, "restorer");
      await client.post("/write", summaryForm("Unseen by any moderator.", { visibility: "private" }));
      await client.post("/write", summaryForm("Seen.", { version: "1" }));
      const { ref } = await refOf("restorer");
      await db.updateTable("summaries").set({ held_at: null }).where("ref", "=", ref).execute();
      await db.updateTable("papers").set({ locked_at: new Date() }).where("bibtex_key", "=", bibtexKey).execute();
      const locked = await client.post("/summary/restore", { ref, restore: "1" });
      await db.updateTable("papers").set({ locked_at: null }).where("bibtex_key", "=", bibtexKey).execute();
      expect([locked.status, locked.text]).toEqual([403, expect.stringContaining("closed the discussion")]);
      expect((await client.post("/summary/restore", { ref, restore: "1" })).status).toBe(303);
      expect((await new Client(app).get(paper)).text).not.toContain("Unseen by any moderator.");
    });

    test("two tabs never overwrite each other: the later one is shown what changed, and keeps its text", async () => {
      const client = await known("tabs");
      await client.post("/write", summaryForm("First line.\n\nSecond line."));
      expect(
        (await client.post("/write", summaryForm("First line.\n\nChanged in one tab.", { version: "1" }))).status,
      ).toBe(303);
      const late = await client.post("/write", summaryForm("First line.\n\nChanged in the other.", { version: "1" }));
      expect(late.status).toBe(409);
      expect(late.text).toContain("<del>− Changed in one tab.");
      expect(late.text).toContain("<ins>+ Changed in the other.");
      expect(late.text).toMatch(/<textarea[^>]*>\nFirst line\.\n\nChanged in the other\.<\/textarea>/);
      expect(late.text).toContain('name="version" value="2"');
      const both = await Promise.all(
        ["A.", "B."].map((text) => client.post("/write", summaryForm(text, { version: "2" }))),
      );
      expect(both.map(({ status }) => status).sort()).toEqual([303, 409]);
      const first = await known("first-twice");
      const twice = await Promise.all(["A.", "B."].map((text) => first.post("/write", summaryForm(text))));
      expect(twice.map(({ status }) => status).sort()).toEqual([303, 409]);
    });

    test("the licence is needed for what all read; problems come back with the text", async () => {
      const client = await known("licensee");
      const { licence: _, ...form } = summaryForm("Mine.");
      const without = await client.post("/write", form);
      expect(without.status).toBe(422);
      expect(without.text).toContain("What everybody reads here, everybody may use: it needs your agreement.");
      expect(without.text).toMatch(/<textarea[^>]*>\nMine\.<\/textarea>/);
      expect((await client.post("/write", summaryForm(" \n"))).text).toContain("The text is empty.");
      expect((await client.post("/write", summaryForm("x".repeat(200_001)))).text).toContain(
        "The text has more than 200,000 characters.",
      );
      const deep = await client.post("/write", summaryForm(`${"> ".repeat(60)}deep`));
      expect(deep.text).toContain("This cannot be shown: line 1 is nested 60 levels deep");
      expect((await client.post("/write", { ...summaryForm("x"), bibtexKey: "none" })).status).toBe(404);
    });

    test("the preview is what the page will show, for scripts and without", async () => {
      const client = await known("previewer");
      const source = "A formula: $\\frac{1}{2}$ and <img src=x onerror=alert(1)>";
      const plain = await client.post("/write", summaryForm(source, { action: "preview" }));
      expect(plain.text).toContain(">\\frac{1}{2}</annotation>");
      const { html } = JSON.parse((await client.post("/write/preview", { source })).text) as { html: string };
      expect(plain.text).toContain(html);
      expect(html).not.toContain("<img");
      const outside = await new Client(made().app).post("/write/preview", { source });
      expect([outside.status, outside.text]).toEqual([
        401,
        '{"error":"You are signed out; sign in again in another tab."}',
      ]);
      expect((await client.post("/write/preview", { source: " " })).text).toBe('{"error":"The text is empty."}');
    });

    test("a draft is its author's alone, waits on the page, and goes when the summary is saved", async () => {
      const { app } = made();
      const client = await known("drafter");
      const other = await known("onlooker");
      expect((await client.post("/write/draft", { bibtexKey, version: "0", source: "Half a thought" })).text).toBe(
        '{"kept":true}',
      );
      expect((await client.get(paper)).text).toContain("Go on with your draft");
      expect((await client.get(`/write?bibtexKey=${bibtexKey}`)).text).toMatch(
        /<textarea[^>]*>\nHalf a thought<\/textarea>/,
      );
      for (const reader of [other, new Client(app)])
        expect((await reader.get(paper)).text).not.toContain("Half a thought");
      expect((await other.get(`/write?bibtexKey=${bibtexKey}`)).text).not.toContain("Half a thought");
      await client.post("/write", summaryForm("A whole one."));
      expect(await made().db.selectFrom("drafts").selectAll().where("source", "like", "Half%").execute()).toEqual([]);
    });

    test("a private summary is for whoever has its link of 128 bits; withdrawn, for nobody", async () => {
      const { app } = made();
      const client = await known("secretive");
      const sent = await client.post("/write", summaryForm("Not for all.", { visibility: "private" }));
      expect(sent.status).toBe(303);
      const { share, ref } = await refOf("secretive");
      expect(Buffer.from(share ?? "", "base64url")).toHaveLength(16);
      expect((await client.get(paper)).text).toContain(`https://reprise.test/s/${share}`);
      const stranger = new Client(app);
      for (const path of [
        paper,
        "/",
        "/user?name=secretive",
        "/sitemap/1.xml",
        `/summary/source?ref=${ref}`,
        `/summary/history?ref=${ref}`,
      ])
        expect((await stranger.get(path)).text).not.toMatch(/Not for all|secretive<\/a>/);
      const shared = await stranger.get(`/s/${share}`);
      expect(shared.text).toContain("Not for all.");
      expect(shared.headers.get("Cache-Control")).toBe("private, no-store");
      expect(shared.text).toContain('content="noindex"');
      expect((await stranger.get(`/s/${"A".repeat(22)}`)).status).toBe(404);
      await client.post("/summary/withdraw", { ref, withdraw: "yes" });
      expect((await stranger.get(`/s/${share}`)).status).toBe(404);
      await client.post("/write", summaryForm("Now for all.", { version: "1" }));
      expect((await stranger.get(`/s/${share}`)).status).toBe(404); // the link went with the privacy
      expect((await stranger.get(paper)).text).toContain("Now for all.");
    });

    test("withdrawing takes a summary out of every page; publishing brings it back", async () => {
      const { app } = made();
      const client = await known("regretful");
      await client.post("/write", summaryForm("A claim I regret."));
      const { ref } = await refOf("regretful");
      expect((await new Client(app).get(paper)).text).toContain("A claim I regret.");
      const stranger = await known("meddler");
      expect((await stranger.post("/summary/withdraw", { ref, withdraw: "yes" })).status).toBe(404);
      expect((await stranger.post("/summary/restore", { ref, restore: "1" })).status).toBe(404);
      await client.post("/summary/withdraw", { ref, withdraw: "yes" });
      for (const path of [paper, "/", "/user?name=regretful"])
        expect((await new Client(app).get(path)).text).not.toContain("A claim I regret.");
      expect((await client.get(paper)).text).toContain("You have withdrawn your summary");
      await client.post("/summary/withdraw", { ref, withdraw: "no" });
      expect((await new Client(app).get(paper)).text).toContain("A claim I regret.");
    });

    test("how much a machine wrote is asked and shown", async () => {
      const client = await known("cyborg");
      await client.post("/write", summaryForm("Partly generated.", { machine: "some" }));
      expect((await new Client(made().app).get(paper)).text).toContain("written with the help of a machine");
    });

    test("a reader's account does not write, nobody does while the site only reads", async () => {
      const { db } = made();
      const client = await known("demoted");
      await db.updateTable("users").set({ role: "reader" }).where("name", "=", "demoted").execute();
      const refused = await client.post("/write", summaryForm("Let me."));
      expect([
        refused.status,
        refused.text.includes("Your account may not do this: it is a reader's.".replace("'", "&#39;")),
      ]).toEqual([403, true]);
      const writer = await known("stopped");
      await db
        .insertInto("settings")
        .values({ name: "readOnly", value: "yes" })
        .onConflict((oc) => oc.column("name").doUpdateSet({ value: "yes" }))
        .execute();
      expect((await writer.post("/write", summaryForm("Let me."))).text).toContain("Nothing can be written at present");
      await db.updateTable("settings").set({ value: "no" }).where("name", "=", "readOnly").execute();
    });
  });
}
