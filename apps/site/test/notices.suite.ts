// What people follow, mentions, and what they are told; never who wrote what is unsigned, nor what not all may read.
import { describe, expect, test } from "vitest";
import { Client, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";
import { summaryForm } from "./summaries.suite.ts";

export function noticesSuite(made: () => Made): void {
  describe("notices", () => {
    const key = "noticed2001";
    const known = async (name: string) => {
      const client = await somebody(made().app, name);
      await made().db.updateTable("users").set({ trusted_at: new Date() }).where("name", "=", name).execute();
      return client;
    };
    const told = async (client: Client) =>
      [
        ...(await client.get("/notices")).text.matchAll(
          /<li><span>((?:<strong>New:<\/strong> )?)([^<]*)<a href="[^"]*#([sc])-/g,
        ),
      ].map(([, isNew, text, kind]) => `${isNew ? "new " : ""}${text?.trim()} ${kind}`);

    test("of papers, authors, tags and people that one follows; of unsigned texts never through their author", async () => {
      const { app } = made();
      const writer = await known("noted-writer");
      await writer.post("/add/bibtex", { bibtex: `@misc{${key}, title={Noticed}, author={Una Noted}, year=2001}` });
      const followers = {
        paper: await known("of-paper"),
        author: await known("of-author"),
        person: await known("of-person"),
      };
      const keys = { paper: key, author: "Una Noted", person: "noted-writer" };
      for (const [kind, client] of Object.entries(followers)) {
        const sent = await client.post("/follow", { kind, key: keys[kind as keyof typeof keys], follow: "yes" });
        expect(sent.status).toBe(303);
        expect(await told(client)).toEqual([]);
      }
      expect((await followers.paper.get(`/paper?bibtexKey=${key}`)).text).toContain("Unfollow this paper");
      expect((await followers.person.get("/user?name=noted-writer")).text).toContain("Unfollow noted-writer");
      expect((await new Client(app).get(`/paper?bibtexKey=${key}`)).text).not.toContain("ollow this paper");
      const save = (version: number, more: Record<string, string>) =>
        writer.post("/write", summaryForm("A note.", { bibtexKey: key, version: String(version), ...more }));

      await save(0, { visibility: "private" });
      for (const client of Object.values(followers)) expect(await told(client)).toEqual([]);
      await save(1, { anonymous: "yes" });
      expect(await told(followers.person)).toEqual([]);
      for (const client of [followers.paper, followers.author])
        expect(await told(client)).toEqual(["new Somebody who does not say who wrote s"]);
      await save(2, {});
      expect(await told(followers.person)).toEqual(["new noted-writer wrote s"]);
      expect((await followers.person.post("/notices/read", {})).status).toBe(303);
      expect(await told(followers.person)).toEqual(["noted-writer wrote s"]);
      await followers.person.post("/follow", { kind: "person", key: "noted-writer", follow: "no" });
      expect(await told(followers.person)).toEqual([]);
    });

    test("of mentions, answers and comments under one's own summary, while all may read them", async () => {
      const { db } = made();
      const owner = await known("note-owner");
      const other = await known("note-other");
      const third = await known("note-third");
      const { to } = await owner.post(
        "/write",
        summaryForm("For @note-third, not mail@note-other.test.", { bibtexKey: key }),
      );
      const ref = /#s-(\w+)$/.exec(to ?? "")?.[1] ?? "";
      expect(await told(third)).toEqual(["new note-owner names you in s"]);
      expect(await told(other)).toEqual([]);
      const { to: at } = await other.post("/comment", { ref, text: "What of `x`, @note-third? And @nobody-at-all?" });
      const parent = /#c-(\w+)$/.exec(at ?? "")?.[1] ?? "";
      expect(await told(owner)).toEqual(["new note-other wrote under your summary c"]);
      expect((await told(third))[0]).toBe("new note-other names you in c");
      await third.post("/comment", { ref, parent, text: "Good." });
      expect(await told(other)).toEqual(["new note-third answers you in c"]);
      for (const column of ["held_at", "hidden_at", "deleted_at"] as const) {
        const change = db.updateTable("comments").where("ref", "=", parent);
        await change.set({ [column]: new Date() }).execute();
        expect(await told(third)).toEqual(["new note-owner names you in s"]);
        await change.set({ [column]: null }).execute();
      }
      await owner.post("/write", summaryForm("For nobody.", { bibtexKey: key, version: "1" }));
      expect(await told(third)).toEqual(["new note-other names you in c"]);
      await owner.post("/summary/withdraw", { ref, withdraw: "yes" });
      for (const client of [owner, other, third]) expect(await told(client)).toEqual([]);
    });

    test("following what is not there is refused; it is one's own list, and goes with either account", async () => {
      const { db } = made();
      const client = await known("list-owner");
      for (const form of [
        { kind: "tag", key: "no such tag" },
        { kind: "person", key: "nobody-here" },
        { kind: "paper", key: "nothing" },
      ])
        expect((await client.post("/follow", { ...form, follow: "yes" })).status).toBe(404);
      expect((await client.post("/follow", { kind: "word", key: "x", follow: "yes" })).status).toBe(400);
      await client.post("/follow", { kind: "person", key: "note-other", follow: "yes" });
      await client.post("/follow", { kind: "person", key: "note-other", follow: "yes" });
      expect(JSON.parse((await client.get("/account/export")).text).subscriptions).toEqual([
        { kind: "person", key: "note-other" },
      ]);
      const stranger = await known("list-stranger");
      await stranger.post("/follow", { kind: "person", key: "note-other", follow: "no" });
      expect((await client.get("/notices")).text).toContain("Unfollow note-other");
      const count = async () => (await db.selectFrom("subscriptions").select("id").execute()).length;
      const before = await count();
      const other = new Client(made().app);
      await other.post("/sign-in", { login: "note-other", password: "four quiet words here" });
      await other.post("/account/delete", { "current-password": "four quiet words here" });
      expect(await count()).toBe(before - 1);
      expect((await client.get("/notices")).text).not.toMatch(/note-other|deleted-/);
    });
  });
}
