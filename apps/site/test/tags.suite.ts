// Tag suggestions over HTTP, and the document that describes them: a part of routes.suite.ts.
import type { Hono } from "hono";
import type { Kysely } from "kysely";
import { expect, test } from "vitest";
import type { Tables } from "../src/server/database/schema.ts";

/** Declares the tests; the site is asked for in each of them. */
export function tagsSuite(site: () => { readonly app: Hono; readonly db: Kysely<Tables> }): void {
  const suggest = async (body: string) => {
    const response = await site().app.request("/api/tags/suggest", {
      method: "POST",
      body,
      headers: { "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin" },
    });
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    return { status: response.status, answer: await response.json() };
  };

  test("tags are not suggested from too few summaries; what is needed is said", async () => {
    const { status, answer } = await suggest(JSON.stringify({ text: "How to bake bread?" }));
    expect(status).toBe(200);
    expect(answer).toEqual({
      status: "tooFew",
      message:
        "There are too few tagged summaries to learn from: 1. At least 20 are needed, and 2 tags that 3 of them share.",
      summaries: 1,
      needs: { texts: 20, tags: 2, textsPerTag: 3 },
    });
  });

  test("tags are suggested from the site's own, once there are enough; a change is learnt at the next question", async () => {
    const { db } = site();
    const [{ id: venue } = { id: 0 }] = await db.selectFrom("venues").select("id").limit(1).execute();
    const [{ id: user } = { id: 0 }] = await db.selectFrom("users").select("id").limit(1).execute();
    const topics = [
      { tag: "baking", words: "flour yeast oven crust sourdough" },
      { tag: "sailing", words: "wind mast harbour keel regatta" },
    ];
    const tagIds = await db
      .insertInto("tags")
      .values(topics.map(({ tag: name }) => ({ name })))
      .returning("id")
      .execute();
    const paper = async (n: number) => {
      const topic = n % 2;
      const { id: paper_id } = await db
        .insertInto("papers")
        .values({
          bibtex_key: `made/up/${n}`,
          title: `On ${topics[topic]!.words.split(" ")[n % 5]}`,
          venue_id: venue,
          year: 2000,
          links: "[]",
          bibtex: "-",
          results: "[]",
          run: "null",
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      const source = `${topics[topic]!.words} in the ${n}th year`;
      const text = { source, html: "", teaser_html: "", teaser_text: "" };
      await db
        .insertInto("summaries")
        .values({ paper_id, user_id: user, ...text })
        .execute();
      await db.insertInto("paper_tags").values({ paper_id, tag_id: tagIds[topic]!.id }).execute();
    };
    for (let n = 0; n < 24; n++) await paper(n);

    const { answer } = await suggest(JSON.stringify({ text: "Which FLOUR, and how hot an oven?" }));
    expect(answer).toMatchObject({ status: "ready", learntFrom: 25 });
    expect(answer.suggestions.map(({ tag }: { tag: string }) => tag)).toEqual(["baking"]);
    expect(answer.suggestions[0].probability).toBeGreaterThan(0.5);
    const other = await suggest(JSON.stringify({ text: "The keel, the mast and the wind." }));
    expect(other.answer.suggestions.map(({ tag }: { tag: string }) => tag)).toEqual(["sailing"]);
    expect((await suggest(JSON.stringify({ text: "zzz qqq" }))).answer.suggestions).toEqual([]);

    await paper(24);
    expect((await suggest(JSON.stringify({ text: "keel" }))).answer.learntFrom).toBe(26);
    await db.deleteFrom("papers").where("bibtex_key", "like", "made/up/%").execute();
    expect((await suggest(JSON.stringify({ text: "keel" }))).answer.status).toBe("tooFew");
  });

  test.each([
    ["no JSON", "text=bread"],
    ["nothing", JSON.stringify({ text: "  " })],
    ["something else", JSON.stringify({ text: "bread", k: 5 })],
    ["too many characters", JSON.stringify({ text: "b".repeat(20_001) })],
  ])("%s is refused as a text to tag, with what is expected", async (_, body) => {
    const { status, answer } = await suggest(body);
    expect(status).toBe(400);
    expect(answer.error).toMatch(/^Expected JSON \{"text": …\} with 1 to 20,000 characters\. ✖ /);
  });

  test("a request that is absurdly long is not read, and one from another site is refused", async () => {
    const { status, answer } = await suggest(JSON.stringify({ text: "b".repeat(200_000) }));
    expect([status, answer.error]).toEqual([413, "The request is longer than 100000 bytes."]);
    const foreign = { method: "POST", body: "{}", headers: { "Sec-Fetch-Site": "cross-site" } };
    expect((await site().app.request("/api/tags/suggest", foreign)).status).toBe(403);
  });

  test("every route for programs is in the OpenAPI document, with the shapes that it answers", async () => {
    const document = await (await site().app.request("/api/openapi.json")).json();
    expect(document).toMatchObject({ openapi: "3.1.0", servers: [{ url: "https://reprise.test" }] });
    const described = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = site()
      .app.routes.filter(({ path }) => path.startsWith("/api/"))
      .filter(({ path }) => path !== "/api/v1/*") // answers what is not there
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(?:\{[^}]*\})?/g, "{$1}")}`);
    expect(described.toSorted()).toEqual([...new Set(served)].toSorted());
    const { post } = document.paths["/api/tags/suggest"];
    expect(post.requestBody.content["application/json"].schema).toMatchObject({
      required: ["text"],
      additionalProperties: false,
      properties: { text: { type: "string", maxLength: 20_000 } },
    });
    const [ready, tooFew] = post.responses["200"].content["application/json"].schema.oneOf;
    const { answer } = await suggest(JSON.stringify({ text: "bread" }));
    expect(Object.keys(answer).toSorted()).toEqual(tooFew.required.toSorted());
    expect(ready.required.toSorted()).toEqual(["learntFrom", "status", "suggestions"]);
  });
}
