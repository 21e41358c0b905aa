// Guards over every route at once: anonymity, scripts in what people write, other sites' forms, what only some may see.
import { beforeAll, describe, expect, test } from "vitest";
import { administrator, Client, password, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";
import { summaryForm } from "./summaries.suite.ts";
import { corpus, dangers } from "./xss-corpus.ts";

export function guardsSuite(made: () => Made): void {
  const user = (name: string) => made().db.updateTable("users").where("name", "=", name);
  const roles = async () => {
    const { app, db } = made();
    await db.updateTable("users").set({ role: "author" }).where("role", "=", "admin").execute();
    const [suffix] = [Math.random().toString(36).slice(2, 8)];
    const of = async (role: "reader" | "author" | "moderator") => {
      const client = await somebody(app, `${role}-${suffix}`);
      await user(`${role}-${suffix}`).set({ role, trusted_at: new Date() }).execute();
      return client;
    };
    return {
      nobody: new Client(app),
      reader: await of("reader"),
      author: await of("author"),
      moderator: await of("moderator"),
      admin: await administrator(app, db, `admin-${suffix}`),
    };
  };

  describe("anonymity", () => {
    const email = "hidden-hand@secret.test";
    const secrets = ["hidden-hand", "Zelda Quux", email];
    const words = "An unsigned opinion about xylophones.";
    const privateWords = "A private opinion about zeppelins.";
    let author: Client;
    let ref = "";
    let share = "";

    beforeAll(async () => {
      const { app, db } = made();
      author = new Client(app);
      await author.post("/sign-up", { name: "hidden-hand", email, password });
      await user("hidden-hand").set({ trusted_at: new Date() }).execute();
      await author.post("/account/profile", { displayName: "Zelda Quux", about: "" });
      const { to } = await author.post("/write", summaryForm(words, { anonymous: "yes" }));
      ref = /#s-(\w+)$/.exec(to ?? "")?.[1] ?? "";
      await author.post(
        "/write",
        summaryForm(`${words}\n\nMore, with a note[^1].\n\n[^1]: A note.`, { version: "1", anonymous: "yes" }),
      );
      await author.post("/comment", { ref, text: "I, its author, add this about marimbas." });
      await author.post("/add/bibtex", { bibtex: "@misc{hers, title={Added by Somebody}, author={A B}, year=2001}" });
      await author.post("/write", summaryForm(privateWords, { bibtexKey: "hers", visibility: "private" }));
      const row = await db
        .selectFrom("summaries")
        .select("share")
        .where("share", "is not", null)
        .where("source", "=", privateWords)
        .executeTakeFirstOrThrow();
      share = row.share ?? "";
      await author.post("/report", { kind: "summary", ref, reason: "My own, to be seen in the queue" });
    });

    /** Every page that a person finds from the front by following links, and addresses that no page leads to. */
    async function walk(client: Client): Promise<{ path: string; text: string; headers: string }[]> {
      const seen = new Map<string, { path: string; text: string; headers: string }>();
      const open = [
        ...[
          "/",
          "/about",
          "/sitemap/1.xml",
          "/sitemap.xml",
          "/robots.txt",
          ...["rss.xml", "atom.xml", "feed.json"].flatMap((feed) =>
            [
              "",
              "?user=hidden-hand",
              "?bibtexKey=hers",
              `?bibtexKey=${encodeURIComponent("journals/corr/SampleOld19")}`,
            ].map((query) => `/${feed}${query}`),
          ),
          ...["json", "md"].flatMap((end) => [
            ...[
              `/index.${end}`,
              `/search.${end}?q=xylophones`,
              `/search.${end}?q=zeppelins`,
              `/user.${end}?name=hidden-hand`,
            ],
            ...["hers", "journals/corr/SampleOld19"].map((key) => `/paper.${end}?bibtexKey=${key}`),
          ]),
          ...["papers", "people/hidden-hand", "papers/hers", "papers/journals/corr/SampleOld19", "tags"].map(
            (path) => `/api/v1/${path}`,
          ),
          ...["bib", "ris", "csl.json", "csv"].flatMap((end) => [`/search.${end}`, `/paper.${end}?bibtexKey=hers`]),
          "/api/openapi.json",
          "/sign-in",
          "/sign-up",
          "/account",
          "/account/tokens",
          "/api/me",
          "/notices",
          "/account/export",
        ],
        ...["/admin", "/admin/outbox", "/admin/people", "/admin/log", "/moderate", "/healthz", "/random", "/nothing"],
        ...["recent", "best", "popular", "year"].map((order) => `/?order=${order}`),
        ...["xylophones", "zeppelins", "zelda quux", "hidden-hand", "marimbas", "hidden hand secret.test"].flatMap(
          (q) => [`/search?q=${encodeURIComponent(q)}`, `/api/papers/suggest?q=${encodeURIComponent(q)}`],
        ),
        "/paper?bibtexKey=hers",
        `/summary/history?ref=${ref}`,
        `/summary/history?ref=${ref}&version=1`,
        `/summary/source?ref=${ref}`,
        `/comment?ref=${ref}`,
        `/report?kind=summary&ref=${ref}`,
        "/write?bibtexKey=journals/corr/SampleOld19",
      ];
      while (open.length > 0 && seen.size < 400) {
        const path = open.shift()!;
        if (seen.has(path)) continue;
        const { text, headers, to } = await client.get(path);
        seen.set(path, { path, text, headers: JSON.stringify([...headers]) });
        if (to?.startsWith("/")) open.push(to);
        for (const [, href = ""] of text.matchAll(/(?:href|src)="(\/[^"#]*)/g)) {
          const next = href.replaceAll("&amp;", "&");
          if (!/^\/(?:assets|content)\//.test(next)) open.push(next);
        }
      }
      return [...seen.values()];
    }

    test("no page, feed, answer or header that any role finds says who wrote an anonymous or private text", async () => {
      for (const [role, client] of Object.entries(await roles())) {
        await client.post("/follow", { kind: "person", key: "hidden-hand", follow: "yes" });
        const pages = await walk(client);
        expect(pages.length, role).toBeGreaterThan(30);
        expect(
          pages.some(({ text }) => text.includes("unsigned opinion")),
          role,
        ).toBe(true);
        for (const { path, text, headers } of pages) {
          // That there is such a person, administrators see, and whoever knows the name.
          const aboutPeople =
            ["/notices", "/account/export"].includes(path) || // whom they follow, and nothing that is unsigned
            /^\/(rss\.xml|atom\.xml|feed\.json|user\.json|user\.md|api\/v1\/people)[?/](?:(?:user|name)=)?hidden-hand$/.test(
              path,
            ) ||
            (role === "admin" && /^\/admin\/(people|outbox|log)|^\/user\?name=hidden-hand$/.test(path));
          const asked = decodeURIComponent(path);
          for (const secret of secrets) {
            if (aboutPeople)
              expect([path, text.includes(ref), text.includes("xylophones")]).toEqual([path, false, false]);
            else if (!asked.includes(secret) && !asked.includes(secret.toLowerCase()))
              expect(`${role} ${path}: ${text.includes(secret) || headers.includes(secret)}`).toBe(
                `${role} ${path}: false`,
              );
          }
          if (/zeppelins/.test(text) && !/zeppelins/.test(path))
            expect(`${role} ${path} shows the private text`).toBe("");
          expect(`${role} ${path}: ${text.includes(share)}`).toBe(`${role} ${path}: false`);
        }
        const found = pages.find(({ path }) => path === "/search?q=zeppelins");
        expect(found?.text, role).not.toContain("Added by Somebody");
        const byName = pages.find(({ path }) => path === "/search?q=zelda%20quux");
        expect(byName?.text, role).not.toContain("An Older Sample");
      }
    });

    test("its author's own profile shows it to them alone", async () => {
      expect((await author.get("/user?name=hidden-hand")).text).toContain(`#s-${ref}`);
      for (const client of Object.values(await roles())) {
        const { text } = await client.get("/user?name=hidden-hand");
        expect(text).not.toMatch(new RegExp(`${ref}|SampleOld19|hers`));
      }
    });

    test("of when it was written, no page tells more than the day; nothing numbers it", async () => {
      const { db } = made();
      const { id, user_id } = await db
        .selectFrom("summaries")
        .select(["id", "user_id"])
        .where("ref", "=", ref)
        .executeTakeFirstOrThrow();
      for (const path of [
        "/paper?bibtexKey=journals/corr/SampleOld19",
        `/summary/history?ref=${ref}`,
        "/sitemap/1.xml",
      ]) {
        const { text } = await new Client(made().app).get(path);
        expect(text).not.toMatch(/T\d\d:\d\d|\d\d:\d\d:\d\d/);
        expect(text).not.toMatch(new RegExp(`(?:id|user|author|by)["=-]{1,3}(?:${id}|${user_id})\\b`));
      }
    });

    test("the log names no person and no secret link", async () => {
      const log: string[] = [];
      const app = await made().make({ accessLog: true, log: (line) => log.push(line) });
      const client = new Client(app);
      for (const [name, value] of author.cookies) client.cookies.set(name, value);
      await client.get("/paper?bibtexKey=hers");
      await client.post("/write", summaryForm("x", { version: "0" }));
      await client.get("/reset?token=abcdefgh");
      await client.get("/sign-up?invite=abcdefgh");
      await client.get(`/s/${share}`);
      expect(log.length).toBeGreaterThan(4);
      for (const secret of [...secrets, share, "abcdefgh"]) expect(log.join("\n")).not.toContain(secret);
    });

    test("what others take out of the site has nothing of it", async () => {
      for (const client of Object.values(await roles())) {
        const { text } = await client.get("/account/export");
        for (const secret of [...secrets, words, privateWords, share]) expect(text).not.toContain(secret);
      }
    });
  });

  describe("scripts in what people write", () => {
    const pages = async (client: Client, paths: readonly string[]) => {
      for (const path of paths) {
        const { text, headers } = await client.get(path);
        expect(`${path}: ${dangers(text).join("; ")}`).toBe(`${path}: `);
        expect(headers.get("Content-Security-Policy")).toContain("script-src 'self'");
        expect(headers.get("Set-Cookie") ?? "").not.toContain("stolen");
      }
    };

    test("the corpus has a hundred strings and more, and the test finds them where they are not met", () => {
      expect(corpus.length).toBeGreaterThanOrEqual(100);
      const seen = corpus.filter((text) => dangers(`<p>${text}</p>`).length > 0);
      expect(seen.length).toBeGreaterThan(50);
    });

    test("each in a summary and in a comment, through Markdown and LaTeX", { timeout: 120_000 }, async () => {
      const { app } = made();
      const client = await somebody(app, "corpus-writer");
      await user("corpus-writer").set({ trusted_at: new Date(), role: "moderator" }).execute();
      for (const [i, text] of corpus.entries()) {
        const { text: page, status } = await client.post("/write", summaryForm(text, { action: "preview" }));
        expect([200, 422]).toContain(status);
        expect(`${i} ${text}: ${dangers(page).join("; ")}`).toBe(`${i} ${text}: `);
      }
      const sent = await client.post("/write", summaryForm(corpus.join("\n\n")));
      expect(sent.status).toBe(303);
      const ref = /#s-(\w+)$/.exec(sent.to ?? "")?.[1] ?? "";
      expect(
        (await client.post("/comment", { ref, text: corpus.slice(0, 60).join("\n\n").slice(0, 9000) })).status,
      ).toBe(303);
      await client.post("/report", { kind: "summary", ref, reason: corpus.slice(0, 12).join(" ").slice(0, 900) });
      await client.post("/write", summaryForm(corpus.toReversed().join("\n\n"), { version: "1" }));
      const at = [
        "/paper?bibtexKey=journals/corr/SampleOld19",
        "/",
        "/moderate",
        `/summary/history?ref=${ref}`,
        `/comment?ref=${ref}`,
      ];
      await pages(client, [
        ...at,
        "/write?bibtexKey=journals/corr/SampleOld19",
        "/search?q=alert",
        "/user?name=corpus-writer",
      ]);
      const source = await client.get(`/summary/source?ref=${ref}`);
      expect(source.headers.get("Content-Type")).toMatch(/^text\/plain/);
      await client.post("/summary/withdraw", { ref, withdraw: "yes" });
    });

    test("each as a title, an author and a venue, by BibTeX and by hand", { timeout: 120_000 }, async () => {
      const { app } = made();
      const client = await somebody(app, "corpus-adder");
      await user("corpus-adder").set({ role: "moderator" }).execute();
      const entries = corpus.map((text, i) => {
        const value = text.replace(/[{}\\]/g, "");
        return `@article{xss${i}, title={T${i} ${value}}, author={${value}}, journal={${value}}, year={2001}, doi={10.1000/${i}}}`;
      });
      const { text, status } = await client.post("/add/bibtex", { bibtex: entries.join("\n") });
      expect([303, 200, 422]).toContain(status);
      expect(dangers(text)).toEqual([]);
      const added = await made()
        .db.selectFrom("papers")
        .select("bibtex_key")
        .where("bibtex_key", "like", "xss%")
        .execute();
      expect(added.length).toBeGreaterThan(100);
      const form = {
        title: corpus.slice(0, 9).join(" ").replaceAll("\n", " ").slice(0, 900),
        authors: corpus
          .slice(0, 90)
          .filter((name) => name.length < 200)
          .join("\n"),
        year: "2002",
        venue: corpus[9]!,
      };
      expect((await client.post("/add/paper", form)).status).toBe(303);
      await pages(client, [
        "/",
        "/?order=recent&page=2",
        "/sitemap/1.xml",
        "/search?q=script",
        ...added.map(({ bibtex_key }) => `/paper?bibtexKey=${bibtex_key}`),
      ]);
    });

    test("each in a profile, a query, a path and a form that comes back", { timeout: 120_000 }, async () => {
      const { app } = made();
      for (const [i, text] of corpus.entries()) {
        const client = new Client(app);
        const said = encodeURIComponent(text.toWellFormed());
        await pages(client, [
          `/search?q=${said}`,
          `/search?tag=${said}&venue=${said}`,
          `/paper?bibtexKey=${said}`,
          `/user?name=${said}`,
          `/sign-in?next=${said}`,
          `/sign-up?invite=${said}`,
          `/${said}`,
        ]);
        const { text: back } = await client.post("/sign-up", {
          name: text.toWellFormed(),
          email: text.toWellFormed(),
          password: "x",
        });
        expect(`${i}: ${dangers(back).join("; ")}`).toBe(`${i}: `);
      }
      const client = await somebody(app, "corpus-person");
      for (const text of corpus.slice(0, 30)) {
        await client.post("/account/profile", { displayName: text.replaceAll("\n", " ").slice(0, 60), about: text });
        await client.post("/account/tokens", { name: text.replaceAll("\n", " ").slice(0, 60), read: "yes" });
        await pages(client, ["/account", "/account/tokens", "/user?name=corpus-person"]);
      }
    });
  });

  describe("every route", () => {
    test("refuses a form that another site's page sends", async () => {
      const { app } = made();
      const { admin } = await roles();
      const routes = app.routes.filter(({ method }) => method === "POST");
      expect(routes.length).toBeGreaterThan(25);
      for (const { path } of routes)
        for (const headers of [
          { "Sec-Fetch-Site": "cross-site" },
          { "Sec-Fetch-Site": "same-site" },
          { "Sec-Fetch-Site": "", Origin: "https://evil.test" },
        ]) {
          const { status } = await admin.post(path, {}, headers as Record<string, string>);
          expect(`${path} ${status}`).toBe(`${path} 403`);
        }
    });

    test("answers whoever asks, with whatever ids, without failing; what changes things asks who it is", async () => {
      const { app } = made();
      const open = ["/sign-up", "/sign-in", "/sign-out", "/confirm", "/forgotten", "/reset", "/api/tags/suggest"];
      const ids = ["1", "0".repeat(32), "-1", "1' or '1'='1", "\u0000", "9".repeat(400), "../../etc", "null"];
      for (const [role, client] of Object.entries(await roles()))
        for (const { method, path } of app.routes) {
          if (method === "ALL" || path === "/sign-out" || /[*:]/.test(path)) continue;
          for (const id of ids) {
            const values = {
              ref: id,
              name: id,
              token: id,
              key: id,
              bibtexKey: id,
              version: id,
              share: id,
              page: id,
              q: id,
            };
            const { status } =
              method === "GET"
                ? await client.get(`${path}?${new URLSearchParams(values)}`)
                : await client.post(path, { ref: id });
            expect(`${role} ${method} ${path} ${id}: ${status >= 500}`).toBe(`${role} ${method} ${path} ${id}: false`);
            if (method === "POST" && role === "nobody" && !open.includes(path))
              expect(`${path} ${status}`).toMatch(/ (303|401)$/);
            if (method === "POST" && /^\/(admin|moderate)/.test(path) && ["reader", "author"].includes(role))
              expect(`${path} ${status}`).toBe(`${path} 404`);
          }
        }
    }, 120_000);
  });
}
