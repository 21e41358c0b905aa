// Accounts: sign-up, sign-in, sessions, links of mails, rights; run on both databases.
import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { type Kysely, sql } from "kysely";
import { describe, expect, test } from "vitest";
import type { AppParts } from "../src/server/app.ts";
import type { Tables } from "../src/server/database/schema.ts";
import { hasAdmin, makeLink } from "../src/server/people/accounts.ts";
import { administrator, Client, password, somebody } from "./client.ts";

export interface Made {
  readonly app: Hono;
  readonly db: Kysely<Tables>;
  readonly make: (more?: Partial<AppParts>) => Promise<Hono>;
}

export function peopleSuite(made: () => Made): void {
  describe("people", () => {
    const mails = async (recipient: string) =>
      (await made().db.selectFrom("outbox").selectAll().where("recipient", "=", recipient).orderBy("id").execute()).map(
        ({ subject, body }) => ({
          subject,
          body,
          path: /https:\/\/reprise\.test(\/\S+)/.exec(body)?.[1] ?? "",
          token: /token=(\S+)/.exec(body)?.[1] ?? "",
        }),
      );
    const userId = async (name: string) =>
      (await made().db.selectFrom("users").select("id").where("name", "=", name).executeTakeFirstOrThrow()).id;

    test("the console's link makes the first account the administrator's, once", async () => {
      const { app, db } = made();
      const claim = await makeLink(db, "claim");
      const other = await makeLink(db, "claim");
      expect((await new Client(app).get(`/claim?token=${claim}`)).text).toContain("Become the administrator");
      const form = (name: string, token: string) => ({ name, email: `${name}@people.test`, password, claim: token });
      expect((await new Client(app).post("/sign-up", form("nobody", "made-up"))).status).toBe(410);
      expect(await hasAdmin(db)).toBe(false);
      const admin = new Client(app);
      expect(await admin.post("/sign-up", form("first", claim))).toMatchObject({
        status: 303,
        to: "/account?done=joined",
      });
      expect((await admin.get("/admin")).status).toBe(200);
      for (const token of [claim, other])
        expect((await new Client(app).post("/sign-up", form("second", token))).status).toBe(410);
      expect((await new Client(app).get(`/claim?token=${other}`)).status).toBe(410);
      expect((await admin.get("/admin/log")).text).toContain("became administrator");
    });

    test("a form with problems comes back with what was typed, but the password, and each problem at its field", async () => {
      const { status, text } = await new Client(made().app).post("/sign-up", {
        name: "A B",
        email: "no",
        password: "short",
      });
      expect(status).toBe(422);
      expect(text).toContain("A name has 2 to 30 small letters, digits and hyphens; none at its ends.");
      expect(text).toContain("This is no e-mail address.");
      expect(text).toContain("The password has fewer than 10 characters.");
      expect(text).toContain('value="A B"');
      expect(text).not.toContain("short");
      expect(text).toMatch(/<input id="name"[^>]*aria-describedby="name-hint name-problem"[^>]*aria-invalid="true"/);
    });

    test("the session is a cookie that scripts and other sites do not get; the database has no token", async () => {
      const { app, db } = made();
      const client = new Client(app);
      const { headers } = await client.post("/sign-up", { name: "cookie", email: "c@people.test", password });
      expect(headers.get("Set-Cookie")).toMatch(
        /^__Host-reprise-session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
      const [token = ""] = [...client.cookies.values()];
      const { rows } = await sql<{ all: string }>`select string_agg(s::text, ' ') as all from sessions s`.execute(db);
      expect(rows[0]?.all).not.toContain(token);
      expect((await client.get("/account")).headers.get("Cache-Control")).toBe("private, no-store");
    });

    test("signing in changes the token, so that one planted before is worth nothing", async () => {
      const { app } = made();
      await somebody(app, "fixed");
      const planted = "A".repeat(43);
      const client = new Client(app);
      client.cookies.set("__Host-reprise-session", planted);
      expect(await client.post("/sign-in", { login: "fixed", password, next: "/about" })).toMatchObject({
        status: 303,
        to: "/about",
      });
      const [first = ""] = [...client.cookies.values()];
      expect(first).not.toBe(planted);
      await client.post("/sign-in", { login: "fixed", password });
      const thief = new Client(app);
      thief.cookies.set("__Host-reprise-session", first);
      expect((await thief.get("/account")).to).toBe("/sign-in?next=%2Faccount");
    });

    test("signing out ends the session itself, not only the cookie", async () => {
      const client = await somebody(made().app, "leaver");
      const copy = new Client(made().app);
      for (const [name, value] of client.cookies) copy.cookies.set(name, value);
      expect((await copy.get("/account")).status).toBe(200);
      await client.post("/sign-out", {});
      expect(client.cookies.size).toBe(0);
      expect((await copy.get("/account")).status).toBe(303);
    });

    test("a wrong password, a name that is nobody's and an unconfirmed address get the same answer", async () => {
      const { app } = made();
      await somebody(app, "present");
      const answers = await Promise.all(
        ["present", "absent", "present@people.test"].map(async (login) => {
          const { status, text } = await new Client(app).post("/sign-in", { login, password: "something else" });
          return [status, text.replaceAll(login, "X")];
        }),
      );
      expect(answers[0]?.[0]).toBe(422);
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[2]).toEqual(answers[0]);
    });

    test("an address that somebody typed is not theirs, and blocks nobody, until its owner confirms it", async () => {
      const { app } = made();
      const email = "shared@people.test";
      const squatter = new Client(app);
      await squatter.post("/sign-up", { name: "squatter", email, password: "squatter's own words" });
      const owner = new Client(app);
      expect((await owner.post("/sign-up", { name: "owner", email, password })).status).toBe(303);
      const [, own] = await mails(email);
      expect((await new Client(app).post("/sign-in", { login: email, password })).status).toBe(422);
      expect((await owner.get(own!.path)).text).toContain("Press the button");
      expect((await owner.get(own!.path)).status).toBe(200); // opening it uses nothing up
      expect((await owner.post("/confirm", { token: own!.token })).text).toContain("<h1>Confirmed</h1>");
      expect((await owner.post("/confirm", { token: own!.token })).status).toBe(410);
      expect((await new Client(app).post("/sign-in", { login: email, password })).status).toBe(303);
      expect((await new Client(app).post("/sign-in", { login: email, password: "squatter's own words" })).status).toBe(
        422,
      );
      const [first] = await mails(email);
      expect((await squatter.post("/confirm", { token: first!.token })).status).toBe(410);
    });

    test("a forgotten password: the same answer for all, a link that works once and ends every session", async () => {
      const { app } = made();
      const before = await somebody(app, "forgetful");
      const asked = await new Client(app).post("/forgotten", { email: "forgetful@people.test" });
      const unknown = await new Client(app).post("/forgotten", { email: "unknown@people.test" });
      expect([unknown.status, unknown.text]).toEqual([asked.status, asked.text]);
      expect(await mails("unknown@people.test")).toEqual([]);
      const mail = (await mails("forgetful@people.test")).find(({ subject }) => subject.startsWith("A new password"));
      expect((await new Client(app).get(mail!.path)).status).toBe(200);
      const next = "another four quiet words";
      expect((await new Client(app).post("/reset", { token: mail!.token, password: next })).text).toContain(
        "The new password is set",
      );
      expect((await new Client(app).post("/reset", { token: mail!.token, password: "yet another one" })).status).toBe(
        410,
      );
      expect((await before.get("/account")).status).toBe(303);
      expect((await new Client(app).post("/sign-in", { login: "forgetful", password })).status).toBe(422);
      expect((await new Client(app).post("/sign-in", { login: "forgetful@people.test", password: next })).status).toBe(
        303,
      );
    });

    test("one's sessions are listed and ended; another person's are not", async () => {
      const { app, db } = made();
      const one = await somebody(app, "many");
      const two = new Client(app);
      await two.post(
        "/sign-in",
        { login: "many", password },
        { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0" },
      );
      const { text } = await one.get("/account");
      expect(text).toContain("Firefox on Linux");
      const session = /name="session" value="(\d+)"/.exec(text)?.[1] ?? "";
      const stranger = await somebody(app, "stranger");
      await stranger.post("/account/sessions", { session });
      expect((await two.get("/account")).status).toBe(200);
      await one.post("/account/sessions", { session });
      expect((await two.get("/account")).status).toBe(303);
      const left = await db
        .selectFrom("sessions")
        .select("id")
        .where("user_id", "=", await userId("many"))
        .execute();
      expect(left).toHaveLength(1);
    });

    test("changing the password needs the old one and ends the other sessions", async () => {
      const { app } = made();
      const one = await somebody(app, "changer");
      const two = new Client(app);
      await two.post("/sign-in", { login: "changer", password });
      const next = "quite another set of words";
      expect((await one.post("/account/password", { current: "wrong", password: next })).text).toContain(
        "The password now is another.",
      );
      expect((await one.post("/account/password", { current: password, password: next })).status).toBe(303);
      expect((await one.get("/account")).status).toBe(200);
      expect((await two.get("/account")).status).toBe(303);
    });

    test("of two who sign up at once under one name, one gets it", async () => {
      const { app } = made();
      const form = { name: "race", email: "race@people.test", password };
      const answers = await Promise.all([1, 2, 3].map(() => new Client(app).post("/sign-up", form)));
      expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422]);
      expect(answers.find(({ status }) => status === 422)?.text).toContain(
        "Somebody has this name already: choose another.",
      );
    });

    test("a form from another site, with a field that no form has, of another type, or too long is refused", async () => {
      const { app, db } = made();
      const client = new Client(app);
      const form = { name: "mass", email: "mass@people.test", password };
      expect((await client.post("/sign-up", form, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
      const more = await client.post("/sign-up", { ...form, role: "admin" });
      expect([more.status, more.text]).toEqual([400, "400: The form has a field that is not known: role."]);
      const json = await client.post("/sign-up", form, { "Content-Type": "application/json" });
      expect([json.status, json.text]).toEqual([415, "415: The form must be sent URL-encoded."]);
      const long = await client.post("/sign-up", { ...form, name: "x".repeat(1_200_000) });
      expect([long.status, long.text]).toEqual([413, "413: The form is longer than 1,100,000 bytes."]);
      const broken = await client.send("/sign-up", {
        method: "POST",
        body: new Uint8Array([0x61, 0xff, 0xfe]),
        headers: { "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin" },
      });
      expect([broken.status, broken.text]).toEqual([400, "400: The form is not UTF-8."]);
      expect(await db.selectFrom("users").select("id").where("name", "=", "mass").execute()).toEqual([]);
    });

    test.each(["//evil.test/", "/\\evil.test", "https://evil.test", "/\t/evil.test", "javascript:alert(1)"])(
      "after signing in, %j leads nowhere else",
      async (next) => {
        const client = await somebody(
          made().app,
          `open-${createHash("sha256").update(next).digest("hex").slice(0, 8)}`,
        );
        const { to } = await client.get(`/sign-in?next=${encodeURIComponent(next)}`);
        expect(new URL(to ?? "", "https://reprise.test").origin).toBe("https://reprise.test");
      },
    );

    test("tries of passwords are counted by address and by account", async () => {
      const { app, make } = made();
      await somebody(app, "guarded");
      const fresh = await make();
      const attempt = (address: string, login: string) =>
        new Client(fresh, { address }).post("/sign-in", { login, password: "guess number one" });
      for (let i = 0; i < 10; i++) expect((await attempt("192.0.2.1", `name${i}`)).status).toBe(422);
      expect((await attempt("192.0.2.1", "name10")).status).toBe(429);
      for (let i = 0; i < 10; i++) expect((await attempt(`198.51.100.${i}`, "guarded")).status).toBe(422);
      const blocked = await attempt("198.51.100.77", "Guarded");
      expect([blocked.status, blocked.headers.get("Retry-After")]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    });

    test("sign-ups are counted by address", async () => {
      const fresh = await made().make();
      const attempt = (name: string) =>
        new Client(fresh, { address: "192.0.2.9" }).post("/sign-up", { name, email: "x@people.test", password });
      for (let i = 0; i < 5; i++) expect((await attempt(`crowd${i}`)).status).toBe(303);
      expect((await attempt("crowd5")).status).toBe(429);
    });

    test("administration is for administrators; others do not learn that it is there", async () => {
      const { app } = made();
      const reader = await somebody(app, "curious");
      for (const path of ["/admin", "/admin/people", "/admin/outbox", "/admin/log"]) {
        expect((await reader.get(path)).status).toBe(404);
        expect((await new Client(app).get(path)).to).toMatch(/^\/sign-in\?next=/);
      }
      expect((await reader.post("/admin/role", { name: "curious", role: "admin" })).status).toBe(404);
      expect((await reader.post("/admin", { signUp: "closed" })).status).toBe(404);
      expect((await reader.post("/admin/invite", {})).status).toBe(404);
    });

    test("invitations: with sign-up closed to others, a link makes one account", async () => {
      const { app, db } = made();
      await db.updateTable("users").set({ role: "author" }).where("role", "=", "admin").execute();
      const admin = await administrator(app, db, "host");
      await admin.post("/admin", { signUp: "invited" });
      const form = (name: string) => ({ name, email: `${name}@people.test`, password });
      expect((await new Client(app).get("/sign-up")).text).toContain("ask an administrator for a link");
      expect((await new Client(app).post("/sign-up", form("uninvited"))).status).toBe(403);
      const path =
        /https:\/\/reprise\.test(\/sign-up\?invite=[\w-]+)/.exec((await admin.post("/admin/invite", {})).text)?.[1] ??
        "";
      const invite = path.split("=")[1]!;
      expect((await new Client(app).get(path)).text).toContain(`name="invite" value="${invite}"`);
      expect((await new Client(app).post("/sign-up", { ...form("invited"), invite })).status).toBe(303);
      expect((await new Client(app).post("/sign-up", { ...form("again"), invite })).status).toBe(410);
      await admin.post("/admin", { signUp: "closed" });
      expect((await new Client(app).post("/sign-up", form("late"))).status).toBe(403);
      await admin.post("/admin", { signUp: "open", holdFirst: "yes" });
      expect((await admin.get("/admin/outbox")).text).toContain("No mail server is configured");
    });

    test("roles are given by administrators, never to oneself, and each change is in the log, which nobody can edit", async () => {
      const { app, db } = made();
      await db.updateTable("users").set({ role: "author" }).where("role", "=", "admin").execute();
      const admin = await administrator(app, db, "boss");
      const helper = await somebody(app, "helper");
      await admin.post("/admin/role", { name: "helper", role: "moderator" });
      expect((await helper.get("/admin/log")).text).toContain("made moderator helper");
      expect((await helper.get("/admin/people")).status).toBe(404);
      expect((await admin.post("/admin/role", { name: "boss", role: "reader" })).status).toBe(404);
      for (const change of [sql`update audit_log set action = ''`, sql`delete from audit_log`, sql`truncate audit_log`])
        await expect(change.execute(db)).rejects.toThrow("the audit log is only added to");
    });

    test("an account goes with what it wrote, and comes along as a file before", async () => {
      const { app, db } = made();
      const client = await somebody(app, "goner");
      const file = await client.get("/account/export");
      expect(file.headers.get("Content-Disposition")).toBe('attachment; filename="reprise-account.json"');
      expect(JSON.parse(file.text)).toMatchObject({
        account: { name: "goner", email: "goner@people.test" },
        summaries: [],
      });
      expect((await client.post("/account/delete", { "current-password": "no" })).text).toContain(
        "This is not the password.",
      );
      expect((await client.post("/account/delete", { "current-password": password })).text).toContain("Deleted");
      expect((await client.get("/account")).status).toBe(303);
      const { rows } = await sql<{ text: string }>`select string_agg(u::text, ' ') as text from users u`.execute(db);
      expect(rows[0]?.text).not.toContain("goner");
      expect(await mails("goner@people.test")).toEqual([]);
    });

    test("a page that was kept for all is not shown to somebody, nor theirs to others", async () => {
      const { app } = made();
      const reader = await somebody(app, "seen");
      expect((await new Client(app).get("/about")).text).toContain('href="/sign-in"');
      const own = await reader.get("/about");
      expect(own.text).toContain('<a href="/account">seen</a>');
      expect(own.headers.get("Cache-Control")).toBe("private, no-store");
      expect((await new Client(app).get("/about")).text).not.toContain(">seen<");
    });
  });
}
