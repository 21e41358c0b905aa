// What happens to accounts after sign-up: other names, tokens of programs, forgotten passwords, traces of deleted people.
import { type KyselyPlugin, sql } from "kysely";
import { describe, expect, test } from "vitest";
import { administrator, Client, password, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";

export function accountsSuite(made: () => Made): void {
  describe("accounts", () => {
    test("/forgotten does the same work whether an account has the address or not", async () => {
      const { app, db, make } = made();
      await somebody(app, "known");
      const work: string[] = [];
      const counter: KyselyPlugin = {
        transformQuery: ({ node }) => {
          work.push(node.kind);
          return node;
        },
        transformResult: async ({ result }) => result,
      };
      const counted = await make({ db: db.withPlugin(counter) });
      const ask = async (email: string) => {
        work.length = 0;
        const { status, text } = await new Client(counted).post("/forgotten", { email });
        return { status, text, work: [...work] };
      };
      const known = await ask("known@people.test");
      expect(known.work.filter((kind) => kind === "InsertQueryNode")).toHaveLength(2);
      expect(await ask("unknown@people.test")).toEqual(known);
      const { rows } = await sql<{ count: number }>`
        select count(*)::int as count from outbox where recipient = 'unknown@people.test'`.execute(db);
      expect(rows).toEqual([{ count: 0 }]);
    });

    test("another name: old links lead to it, nobody else takes the old one, and one may have it back", async () => {
      const { app } = made();
      const client = await somebody(app, "maiden");
      await somebody(app, "taken");
      expect((await client.post("/account/name", { name: "taken" })).text).toContain("Somebody has or had this name");
      expect((await client.post("/account/name", { name: "A B" })).status).toBe(422);
      expect((await client.post("/account/name", { name: "married" })).to).toBe("/account?done=name");
      expect((await client.get("/account?done=name")).text).toContain("The name is changed.");
      expect((await new Client(app).get("/user?name=maiden")).to).toBe("/user?name=married");
      expect((await new Client(app).get("/user?name=married")).status).toBe(200);
      const form = { name: "maiden", email: "other@people.test", password };
      expect((await new Client(app).post("/sign-up", form)).text).toContain("Somebody has this name already");
      const other = await somebody(app, "envious");
      expect((await other.post("/account/name", { name: "maiden" })).status).toBe(422);
      expect((await new Client(app).post("/sign-in", { login: "married", password })).status).toBe(303);
      expect((await client.post("/account/name", { name: "maiden" })).status).toBe(303);
      expect((await new Client(app).get("/user?name=married")).to).toBe("/user?name=maiden");
    });

    test("of a deleted account the log keeps what was done, and no name that it ever had", async () => {
      const { app, db } = made();
      await db.updateTable("users").set({ role: "author" }).where("role", "=", "admin").execute();
      const admin = await administrator(app, db, "keeper");
      const client = await somebody(app, "vanishing");
      await admin.post("/admin/role", { name: "vanishing", role: "moderator" });
      await admin.post("/moderate/ban", { name: "vanishing", ban: "yes" });
      await admin.post("/moderate/ban", { name: "vanishing", ban: "no" });
      await client.post("/sign-in", { login: "vanishing", password });
      expect((await admin.get("/admin/log")).text).toMatch(/made moderator[^/]*vanishing/);
      await client.post("/account/name", { name: "vanished" });
      expect((await client.post("/account/delete", { "current-password": password })).text).toContain("Deleted");
      const { text } = await admin.get("/admin/log");
      expect(text).toMatch(/banned[^/]*deleted-\d+/);
      for (const table of ["audit_log", "users", "former_names", "outbox", "api_tokens", "links"]) {
        const { rows } = await sql<{ all: string | null }>`
          select string_agg(t::text, ' ') as all from ${sql.table(table)} t`.execute(db);
        expect(`${table} ${rows[0]?.all}`).not.toMatch(/vanish/);
      }
    });
  });

  describe("API tokens", () => {
    const me = (token: string) => new Client(made().app).get("/api/me", { Authorization: `Bearer ${token}` });
    const makeToken = async (client: Client, form: Record<string, string>) =>
      /<code>(reprise_[\w-]{43})<\/code>/.exec((await client.post("/account/tokens", form)).text)?.[1] ?? "";

    test("made with scopes, shown once, kept as a hash, listed, revoked", async () => {
      const { app, db } = made();
      const client = await somebody(app, "robot");
      expect((await client.post("/account/tokens", { name: "nothing" })).text).toContain(
        "Choose what the token may do.",
      );
      const token = await makeToken(client, { name: "backup", read: "yes", vote: "yes" });
      expect(JSON.parse((await me(token)).text)).toEqual({
        ...{ name: "robot", displayName: "robot", role: "author", scopes: ["read", "vote"] },
      });
      const { text } = await client.get("/account/tokens");
      expect(text).toContain("read, vote; ends ");
      expect(text).not.toContain(token);
      const { rows } = await sql<{ all: string }>`select string_agg(t::text, ' ') as all from api_tokens t`.execute(db);
      expect(rows[0]?.all).not.toContain(token);
      const id = /name="token" value="(\d+)"/.exec(text)?.[1] ?? "";
      const stranger = await somebody(app, "robber");
      await stranger.post("/account/tokens/revoke", { token: id });
      expect((await me(token)).status).toBe(200);
      await client.post("/account/tokens/revoke", { token: id });
      expect((await me(token)).status).toBe(401);
    });

    test("what a token may not do is 403; without one, with a made-up, ended or banned one it is 401", async () => {
      const { app, db } = made();
      const client = await somebody(app, "limited");
      const mute = await makeToken(client, { name: "votes", vote: "yes" });
      expect(await me(mute)).toMatchObject({
        ...{ status: 403, text: '{"error":"This token may not do this: it lacks the scope \\"read\\"."}' },
      });
      const token = await makeToken(client, { name: "reads", read: "yes" });
      expect((await client.get("/api/me")).status).toBe(401); // a cookie is no token
      expect((await me(`reprise_${"A".repeat(43)}`)).status).toBe(401);
      const user = db.updateTable("users").where("name", "=", "limited");
      await user.set({ banned_at: new Date() }).execute();
      expect((await me(token)).status).toBe(401);
      await user.set({ banned_at: null }).execute();
      expect((await me(token)).status).toBe(200);
      await db
        .updateTable("api_tokens")
        .set({ expires_at: new Date(0) })
        .where("name", "=", "reads")
        .execute();
      const ended = await me(token);
      expect([ended.status, ended.headers.get("WWW-Authenticate")]).toEqual([401, 'Bearer realm="reprise"']);
      expect(JSON.parse(ended.text)).toEqual({
        error: "The request carries no token that works: send Authorization: Bearer TOKEN.",
      });
    });

    test("one person has twenty at most", async () => {
      const { app, db } = made();
      const client = await somebody(app, "hoarder");
      await makeToken(client, { name: "first", read: "yes" });
      await sql`insert into api_tokens (token_hash, user_id, name, scopes, expires_at)
        select 'h' || n, user_id, 'more', scopes, expires_at from api_tokens, generate_series(1, 19) n where name = 'first'`.execute(
        db,
      );
      const { status, text } = await client.post("/account/tokens", { name: "last", read: "yes" });
      expect([status, text.includes("You have 20 tokens already: revoke one first.")]).toEqual([422, true]);
    });
  });
}
