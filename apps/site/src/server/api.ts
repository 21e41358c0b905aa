// The site's routes for programs, and the OpenAPI document that describes them; each schema stands here once.
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import type { PageCache } from "./page-cache.ts";
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

export function mountApi(
  app: Hono,
  {
    tags,
    pages,
    originOf,
  }: { readonly tags: TagSuggester; readonly pages: PageCache; readonly originOf: (c: Context) => string },
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
    paths: {
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
            "400": answer("The request is no such JSON.", problem),
            "403": { description: "The request comes from a page of another site." },
            "413": answer("The request is too long.", problem),
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
