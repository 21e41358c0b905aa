// Votes, comments, reports, and what moderators do; run on both databases.
import { describe, expect, test } from "vitest";
import { Client, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";
import { paper, summaryForm } from "./summaries.suite.ts";

export function discussionSuite(made: () => Made): void {
  describe("discussion", () => {
    const trust = (name: string, role: "author" | "moderator" = "author") =>
      made().db.updateTable("users").set({ trusted_at: new Date(), role }).where("name", "=", name).execute();
    const known = async (name: string, role: "author" | "moderator" = "author") => {
      const client = await somebody(made().app, name);
      await trust(name, role);
      return client;
    };
    const published = async (name: string, text: string, more: Record<string, string> = {}) => {
      const client = await known(name);
      const { to, status, text: page } = await client.post("/write", summaryForm(text, more));
      if (status !== 303) throw new Error(page);
      return { client, ref: /#s-(\w+)$/.exec(to ?? "")?.[1] ?? "" };
    };
    const article = async (ref: string, reader = new Client(made().app)) => {
      const { text } = await reader.get(paper);
      const [, from = ""] = text.split(`<article class="summary" id="s-${ref}"`);
      return from.split(/<article class="summary"|<p class="write">/)[0]!;
    };
    const score = async (ref: string) => /class="score"[^>]*>([^<]*)</.exec(await article(ref))?.[1];
    const commentOf = async (author: string) =>
      (
        await made()
          .db.selectFrom("comments as c")
          .innerJoin("users as u", "u.id", "c.user_id")
          .where("u.name", "=", author)
          .select("c.ref")
          .orderBy("c.id", "desc")
          .executeTakeFirstOrThrow()
      ).ref;

    test("a vote counts once, however often it is sent, also at the same time; the author's own is there from the start", async () => {
      const { ref } = await published("voted", "To be voted for.");
      expect(await score(ref)).toBe("1");
      const voter = await known("voter");
      await Promise.all([1, 2, 3, 4].map(() => voter.post("/vote", { ref, vote: "1" })));
      expect(await score(ref)).toBe("2");
      expect(await article(ref, voter)).toContain('aria-pressed="true" aria-label="Vote up"');
      await voter.post("/vote", { ref, vote: "-1" });
      expect(await score(ref)).toBe("0");
      await voter.post("/vote", { ref, vote: "0" });
      expect(await score(ref)).toBe("1");
      for (const vote of ["2", "100", "x"]) expect((await voter.post("/vote", { ref, vote })).status).toBe(404);
      expect((await new Client(made().app).post("/vote", { ref, vote: "1" })).to).toMatch(/^\/sign-in/);
      expect(await made().db.selectFrom("votes").selectAll().where("vote", "not in", [-1, 1]).execute()).toEqual([]);
    });

    test("a vote is seen at once wherever it is shown, and leaves the other pages as they are", async () => {
      const { ref } = await published("counted", "To be counted.");
      const [reader, voter] = [new Client(made().app), await known("counter")];
      const votes = async () => {
        const { summaries } = JSON.parse((await reader.get(paper.replace("/paper", "/paper.json"))).text);
        const item = (await reader.get("/rss.xml")).text.split("<item>").find((part) => part.includes(ref));
        return [
          summaries.find(({ url }: { url: string }) => url.endsWith(ref)).votes,
          Number(/:votes>(-?\d+)</.exec(item ?? "")?.[1]),
          Number(await score(ref)),
        ];
      };
      expect(await votes()).toEqual([1, 1, 1]);
      await voter.post("/vote", { ref, vote: "1" });
      expect(await votes()).toEqual([2, 2, 2]);
      await voter.post("/vote", { ref, vote: "0" });
      expect(await votes()).toEqual([1, 1, 1]);
    });

    test("summaries stand in the order of their votes; how somebody voted is told to them alone", async () => {
      const low = await published("low", "Voted down.");
      const high = await published("high", "Voted up.");
      const voters = await Promise.all(["v1", "v2"].map((name) => known(`elector-${name}`)));
      for (const voter of voters) {
        await voter.post("/vote", { ref: high.ref, vote: "1" });
        await voter.post("/vote", { ref: low.ref, vote: "-1" });
      }
      const { text } = await new Client(made().app).get(paper);
      expect(text.indexOf(`id="s-${high.ref}"`)).toBeLessThan(text.indexOf(`id="s-${low.ref}"`));
      expect((await voters[0]!.get("/user?name=elector-v1")).text).toContain("You voted against");
      expect((await voters[1]!.get("/user?name=elector-v1")).text).not.toMatch(/voted (for|against)/);
    });

    test("comments are threads of Markdown; of one that is deleted, its answers stay", async () => {
      const { app } = made();
      const { ref } = await published("discussed", "To be discussed.");
      const [one, two] = [await known("asker"), await known("answerer")];
      await one.post("/comment", { ref, text: "Is $a=b$ <b onclick=alert(1)>true</b>?" });
      const question = await commentOf("asker");
      await two.post("/comment", { ref, parent: question, text: "It is." });
      const answer = await commentOf("answerer");
      const shown = await article(ref);
      expect(shown).toContain("2 comments");
      expect(shown).toContain(">a=b</annotation>");
      expect(shown).not.toContain("onclick");
      expect(shown).toMatch(new RegExp(`id="c-${question}".*<ol class="comments"><li id="c-${answer}"`, "s"));
      expect((await two.post("/comment/delete", { comment: question })).status).toBe(404);
      await one.post("/comment/delete", { comment: question });
      const after = await article(ref);
      expect(after).toContain("A comment was taken away.");
      expect(after).not.toMatch(/asker|a=b/);
      await two.post("/comment/delete", { comment: answer });
      expect(await article(ref)).not.toContain('comments"');
      expect((await new Client(app).get(`/comment?ref=${ref}`)).to).toMatch(/^\/sign-in/);
    });

    test("a comment that is empty, too long, on nothing, or an answer to another summary's is refused", async () => {
      const [a, b] = [await published("left", "Left."), await published("right", "Right.")];
      const client = await known("wrong");
      expect((await client.post("/comment", { ref: a.ref, text: " " })).text).toContain("The comment is empty.");
      const long = await client.post("/comment", { ref: a.ref, text: "y".repeat(10_001) });
      expect(long.text).toContain("The comment has more than 10,000 characters.");
      expect(long.text).toContain("yyyyyyyyyy</textarea>");
      expect((await client.post("/comment", { ref: "0".repeat(32), text: "x" })).status).toBe(404);
      await client.post("/comment", { ref: a.ref, text: "On the left." });
      expect((await client.post("/comment", { ref: b.ref, parent: await commentOf("wrong"), text: "x" })).status).toBe(
        404,
      );
    });

    test("threads end somewhere", async () => {
      const { ref } = await published("deep", "Deep.");
      const client = await known("digger", "moderator");
      let parent = "";
      for (let depth = 0; depth < 20; depth++) {
        await client.post("/comment", { ref, text: `Level ${depth}`, ...(parent ? { parent } : {}) });
        parent = await commentOf("digger");
      }
      const { status, text } = await client.post("/comment", { ref, parent, text: "One more" });
      expect([status, text.includes("This thread is as deep as it can be: answer an earlier comment.")]).toEqual([
        422,
        true,
      ]);
    });

    test("what new people write waits for a moderator, who is told by whom; then they are known", async () => {
      const { app } = made();
      const fresh = await somebody(app, "newcomer");
      const moderator = await known("gatekeeper", "moderator");
      const sent = await fresh.post("/write", summaryForm("My very first."));
      expect(sent.status).toBe(303);
      expect((await new Client(app).get(paper)).text).not.toContain("My very first.");
      expect((await fresh.get(paper)).text).toContain("Your summary waits for a moderator");
      const queue = (await moderator.get("/moderate")).text;
      expect(queue).toContain("My very first.");
      expect(queue).toContain('<a href="/user?name=newcomer">newcomer</a>');
      const ref = /#s-(\w+)$/.exec(sent.to ?? "")?.[1] ?? "";
      expect((await fresh.post("/moderate/approve", { kind: "summary", ref })).status).toBe(404);
      await moderator.post("/moderate/approve", { kind: "summary", ref });
      expect((await new Client(app).get(paper)).text).toContain("My very first.");
      await fresh.post("/comment", { ref, text: "And a comment at once." });
      expect(await article(ref)).toContain("And a comment at once.");
    });

    test("a held comment is not there for others, to answer or to report", async () => {
      const { app } = made();
      const { ref } = await published("host-of-held", "Hosting.");
      const fresh = await somebody(app, "quiet-one");
      await fresh.post("/comment", { ref, text: "Nobody has seen this yet." });
      const comment = await commentOf("quiet-one");
      expect(await article(ref)).not.toContain("Nobody has seen this yet.");
      const other = await known("impatient");
      expect((await other.get(`/comment?ref=${ref}&parent=${comment}`)).status).toBe(404);
      expect((await other.get(`/report?kind=comment&ref=${comment}`)).status).toBe(404);
    });

    test("a report is for moderators alone; hiding takes the text away everywhere and stands in the log", async () => {
      const { app } = made();
      const { ref, client: author } = await published("offender", "An offence.");
      const reporter = await known("reporter");
      const moderator = await known("judge", "moderator");
      expect((await reporter.post("/report", { kind: "summary", ref, reason: " " })).text).toContain(
        "Say what is wrong with it.",
      );
      await reporter.post("/report", { kind: "summary", ref, reason: "It offends." });
      await reporter.post("/report", { kind: "summary", ref, reason: "Again." });
      const queue = (await moderator.get("/moderate")).text;
      expect(queue).toContain("It offends.");
      expect(queue).not.toContain("Again.");
      expect((await author.get("/moderate")).status).toBe(404);
      expect((await author.post("/moderate/hide", { kind: "summary", ref, hide: "yes", reason: "x" })).status).toBe(
        404,
      );
      await moderator.post("/moderate/hide", { kind: "summary", ref, hide: "yes", reason: "It does offend" });
      for (const path of [
        paper,
        "/",
        "/user?name=offender",
        `/summary/source?ref=${ref}`,
        `/summary/history?ref=${ref}`,
      ])
        expect((await new Client(app).get(path)).text).not.toContain("An offence.");
      expect((await author.get(paper)).text).toContain("A moderator has hidden your summary.");
      await author.post("/write", summaryForm("An offence, again.", { version: "1" }));
      expect((await new Client(app).get(paper)).text).not.toContain("An offence");
      expect((await moderator.get("/admin/log")).text).toMatch(new RegExp(`hid summary ${ref}</td><td>It does offend`));
      await moderator.post("/moderate/hide", { kind: "summary", ref, hide: "no", reason: "" });
      expect((await new Client(app).get(paper)).text).toContain("An offence, again.");
    });

    test("search, suggestions and lists find what all may read, and nothing else", async () => {
      const { app } = made();
      const found = async (word: string) => {
        const { text } = await new Client(app).get(`/search?q=${word}`);
        expect((await new Client(app).get(`/api/papers/suggest?q=${word}`)).text).not.toContain("SampleOld19");
        return text.includes("bibtexKey=journals/corr/SampleOld19");
      };
      const open = await published("finder", "About quokkas in the open.");
      expect(await found("quokkas")).toBe(true);
      await published("unsigned", "About axolotls, unsigned.", { anonymous: "yes" });
      expect(await found("axolotls")).toBe(true);
      expect(await found("unsigned%20axolotls")).toBe(true);
      await published("closeted", "About okapis, in private.", { visibility: "private" });
      expect(await found("okapis")).toBe(false);
      const fresh = await somebody(app, "held-back");
      await fresh.post("/write", summaryForm("About numbats, held."));
      expect(await found("numbats")).toBe(false);
      const moderator = await known("search-judge", "moderator");
      await moderator.post("/moderate/hide", { kind: "summary", ref: open.ref, hide: "yes", reason: "x" });
      expect(await found("quokkas")).toBe(false);
      const gone = await published("withdrawer", "About tapirs, regretted.");
      expect(await found("tapirs")).toBe(true);
      await gone.client.post("/summary/withdraw", { ref: gone.ref, withdraw: "yes" });
      expect(await found("tapirs")).toBe(false);
      await gone.client.post("/account/delete", { "current-password": "four quiet words here" });
      expect(await found("withdrawer")).toBe(false);
    });

    test("a closed discussion takes no more comments and summaries but moderators'", async () => {
      const { ref } = await published("closed", "Closed soon.");
      const moderator = await known("closer", "moderator");
      const client = await known("late");
      await moderator.post("/moderate/lock", { bibtexKey: "journals/corr/SampleOld19", lock: "yes" });
      expect((await client.post("/comment", { ref, text: "Too late" })).text).toContain(
        "A moderator has closed the discussion",
      );
      expect((await client.post("/write", summaryForm("Too late"))).status).toBe(403);
      expect((await moderator.post("/comment", { ref, text: "The last word" })).status).toBe(303);
      expect(await article(ref)).not.toContain(">Comment</a>");
      await moderator.post("/moderate/lock", { bibtexKey: "journals/corr/SampleOld19", lock: "no" });
      expect((await client.post("/comment", { ref, text: "In time" })).status).toBe(303);
    });

    test("a ban ends every session and lets nobody in; moderators do not ban their equals", async () => {
      const { app } = made();
      const moderator = await known("bouncer", "moderator");
      const guest = await known("rowdy");
      const peer = await known("peer", "moderator");
      await moderator.post("/moderate/ban", { name: "rowdy", ban: "yes", reason: "Rowdy" });
      expect((await guest.get("/account")).status).toBe(303);
      const again = await new Client(app).post("/sign-in", { login: "rowdy", password: "four quiet words here" });
      expect([again.status, again.text.includes("A moderator has closed this account.")]).toEqual([403, true]);
      expect((await moderator.post("/moderate/ban", { name: "peer", ban: "yes" })).status).toBe(404);
      expect((await peer.get("/account")).status).toBe(200);
      await made().db.updateTable("users").set({ banned_at: new Date() }).where("name", "=", "peer").execute();
      expect((await peer.get("/account")).status).toBe(303); // whichever way the ban came
      await moderator.post("/moderate/ban", { name: "rowdy", ban: "no" });
      expect(
        (await new Client(app).post("/sign-in", { login: "rowdy", password: "four quiet words here" })).status,
      ).toBe(303);
    });

    test("one account posts so much and no more", async () => {
      const { ref } = await published("popular", "Many comments.");
      const client = await known("chatty");
      const statuses: number[] = [];
      for (let i = 0; i < 22; i++) statuses.push((await client.post("/comment", { ref, text: `Number ${i}` })).status);
      expect(statuses.slice(0, 20)).toEqual(Array(20).fill(303));
      expect(statuses.slice(20)).toContain(429);
    });
  });
}
