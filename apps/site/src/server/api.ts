// The site's routes for programs, and the OpenAPI document that describes them; each schema stands here once.
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Kysely } from "kysely";
import { z } from "zod";
import { paperPath } from "../render/citations.ts";
import { apiV1Paths } from "./api-v1.ts";
import type { Tables } from "./database/schema.ts";
import type { PageCache } from "./page-cache.ts";
import { scopes } from "./people/api-tokens.ts";
import { longestQuery } from "./search/query.ts";
import { suggestPapers } from "./search/search.ts";
import type { SuggestedTags, TagSuggester } from "./tag-suggestions.ts";

/** A summary as it is being written. */
const suggestBody = z.strictObject({ text: z.string().trim().min(1).max(20_000) });
const longestBody = 100_000; // bytes: 20,000 characters as JSON, however they are escaped

const count = z.int().min(0);
const suggestAnswer = z.discriminatedUnion("status", [
  z.strictObject({
    status: z.literal("ready"),
    suggestions: z.array(z.strictObject({ tag: z.string(), probability: z.number().min(0).max(1) })),
    learntFrom: count.describe("tagged summaries that the suggestions were learnt from"),
  }),
  z.strictObject({
    status: z.literal("tooFew"),
    message: z.string(),
    summaries: count.describe("tagged summaries there are"),
    needs: z.strictObject({ texts: count, tags: count, textsPerTag: count }),
  }),
]) satisfies z.ZodType<SuggestedTags>;
const problem = z.strictObject({ error: z.string() });

/** Whose token it is, and what it may do. */
const meAnswer = z.strictObject({
  name: z.string(),
  displayName: z.string(),
  role: z.enum(["reader", "author", "moderator", "admin"]),
  scopes: z.array(z.enum(scopes)),
});

const suggestPapersAnswer = z.strictObject({
  suggestions: z.array(
    z.strictObject({
      bibtexKey: z.string(),
      title: z.string(),
      authors: z.array(z.string()),
      year: z.int(),
      path: z.string().describe("of its page on this site"),
    }),
  ),
});

export function mountApi(
  app: Hono,
  {
    db,
    tags,
    pages,
    originOf,
    limit,
  }: {
    readonly db: Kysely<Tables>;
    readonly tags: TagSuggester;
    readonly pages: PageCache;
    readonly originOf: (c: Context) => string;
    /** Throws where the address has used up what it may ask. */
    readonly limit: (c: Context) => void;
  },
): void {
  const tooLong = (c: Context) => c.json({ error: `The request is longer than ${longestBody} bytes.` }, 413);
  app.post("/api/tags/suggest", bodyLimit({ maxSize: longestBody, onError: tooLong }), async (c) => {
    const body = suggestBody.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success)
      return c.json(
        { error: `Expected JSON {"text": …} with 1 to 20,000 characters. ${z.prettifyError(body.error)}` },
        400,
      );
    return c.json(await tags.suggest(body.data.text));
  });

  app.get("/api/papers/suggest", async (c) => {
    limit(c);
    const typed = (c.req.query("q") ?? "").toWellFormed().replace(/\p{Cc}/gu, " ");
    if (typed.length > longestQuery)
      return c.json({ error: `The query has ${typed.length} characters; at most ${longestQuery} are searched.` }, 400);
    const papers = await suggestPapers(db, typed);
    const suggestions = papers.map(({ bibtexKey, title, authors, year }) => ({
      ...{ bibtexKey, title, authors, year },
      path: paperPath(bibtexKey),
    }));
    return c.json({ suggestions }, 200, { "Cache-Control": "private, max-age=30" });
  });

  app.get("/api/openapi.json", (c) =>
    pages.answer(c, `${originOf(c)} openapi`, async () => ({
      body: JSON.stringify(openApi(originOf(c))),
      type: "application/json",
    })),
  );
}

function openApi(origin: string) {
  const answer = (description: string, schema: z.ZodType) => ({
    description,
    content: { "application/json": { schema: z.toJSONSchema(schema) } },
  });
  return {
    openapi: "3.1.0",
    info: { title: "Reprise", version: "1", description: "What programs may ask of the site." },
    servers: [{ url: origin }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths: {
      ...apiV1Paths(),
      "/api/me": {
        get: {
          operationId: "me",
          summary: "Whose token the request carries, and what it may do",
          security: [{ token: [] }],
          responses: {
            "200": answer("The person and the token's scopes.", meAnswer),
            "401": answer("The request carries no token that works.", problem),
            "403": answer('The token lacks the scope "read".', problem),
            "429": { description: "This address asks too often; Retry-After says when it may again." },
          },
        },
      },
      "/api/tags/suggest": {
        post: {
          operationId: "suggestTags",
          summary: "Tags that suit a summary, learnt from the site's own tagged summaries",
          description: "Answers the site's own pages only: a request from another site is refused.",
          requestBody: {
            required: true,
            content: { "application/json": { schema: z.toJSONSchema(suggestBody, { io: "input" }) } },
          },
          responses: {
            "200": answer("The best tags first, or what there is too little of.", suggestAnswer),
            "400": answer("The request is not JSON of this form.", problem),
            "403": { description: "The request comes from a page of another site." },
            "413": answer("The request is too long.", problem),
            "429": { description: "This address asks too often; Retry-After says when it may again." },
          },
        },
      },
      "/api/papers/suggest": {
        get: {
          operationId: "suggestPapers",
          summary: "Papers that the words typed so far may mean",
          description: "By title, author, tag, venue, year, key, DOI and arXiv id; the last word may be unfinished.",
          parameters: [{ name: "q", in: "query", required: true, schema: { type: "string", maxLength: longestQuery } }],
          responses: {
            "200": answer("At most eight, the best first.", suggestPapersAnswer),
            "400": answer("The query is too long.", problem),
            "429": { description: "This address asks too often; Retry-After says when it may again." },
          },
        },
      },
      "/api/openapi.json": {
        get: {
          operationId: "describe",
          summary: "This document",
          responses: { "200": { description: "OpenAPI 3.1", content: { "application/json": {} } } },
        },
      },
    },
  };
}
