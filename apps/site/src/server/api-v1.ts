// The reading API, version 1: what pages show everybody, for programs. Errors are problem details (RFC 9457).
import type { Context, Hono } from "hono";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { Tables } from "./database/schema.ts";
import { documentOf, entriesOf } from "./documents/papers.ts";
import { personOf } from "./documents/people.ts";
import { paperDocument, paperEntry, personDocument } from "./documents/schemas.ts";
import { TooMany } from "./limits.ts";
import type { PageCache } from "./page-cache.ts";
import { conditionOf, findPaper } from "./papers.ts";
import { impossibleKey } from "./unknown-keys.ts";

export interface ApiV1Parts {
  readonly db: Kysely<Tables>;
  readonly pages: PageCache;
  readonly originOf: (c: Context) => string;
  readonly panelOf: (bibtexKey: string) => string | undefined;
  /** Throws where the address has used up what it may ask. */
  readonly limit: (c: Context) => void;
}

const problem = z.strictObject({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

const named = z.strictObject({ name: z.string(), papers: z.int() });
const name = z.string().min(1).max(300);
const listQuery = z.strictObject({
  tag: name.optional(),
  venue: name.optional(),
  year: z.coerce.number().int().min(1000).max(9999).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,9}$/, "not a cursor of an answer")
    .optional()
    .describe("next of the answer before"),
});
const paperPage = z.strictObject({
  items: z.array(paperEntry),
  next: z.string().nullable().describe("the cursor of the next page; null at the end"),
});
const namedList = z.strictObject({ items: z.array(named) });

const headers = { "Access-Control-Allow-Origin": "*", "RateLimit-Policy": '"lookups";q=300;w=10' } as const;

class Problem extends Error {
  readonly status: 400 | 404 | 410;
  constructor(status: Problem["status"], detail: string) {
    super(detail);
    this.status = status;
  }
}
const titles = { 400: "Bad request", 404: "Not found", 410: "Gone", 429: "Too many requests" } as const;

export function mountApiV1(app: Hono, { db, pages, originOf, panelOf, limit }: ApiV1Parts): void {
  /** Answers with what is made, kept like a page, with an ETag; or with the problem. */
  const get = (path: string, make: (c: Context) => Promise<unknown>) =>
    app.get(`/api/v1${path}`, async (c) => {
      try {
        const query = path === "/papers" ? new URLSearchParams(c.req.query()).toString() : "";
        return await pages.answer(c, `${originOf(c)} ${c.req.path}?${query}`, async () => {
          limit(c);
          return { body: JSON.stringify(await make(c)), type: "application/json; charset=utf-8", headers };
        });
      } catch (error) {
        return problemOf(c, error);
      }
    });

  get("/papers", async (c) => {
    const query = listQuery.safeParse(c.req.query());
    if (!query.success) throw new Problem(400, z.prettifyError(query.error).replace(/\s*\n\s*/g, " "));
    const { limit: most, cursor = "0", ...filter } = query.data;
    const { rows } = await sql<{ id: number; key: string }>`
      select s.paper_id as id, p.bibtex_key as key from paper_search s join papers p on p.id = s.paper_id
      where s.paper_id > ${Number(cursor)} and ${conditionOf(filter)} order by s.paper_id limit ${most + 1}`.execute(
      db,
    );
    const shown = rows.slice(0, most);
    const items = await entriesOf(
      db,
      originOf(c),
      shown.map(({ key }) => key),
    );
    return { items, next: rows.length > most ? String(shown.at(-1)?.id) : null } satisfies z.infer<typeof paperPage>;
  });
  get("/papers/:key{.+}", async (c) => {
    const key = c.req.param("key") ?? "";
    const paper = impossibleKey(key) ? undefined : await findPaper(db, key);
    if (!paper) throw new Problem(404, "No paper has this key, DOI or arXiv id.");
    if (paper.withdrawn) throw new Problem(410, "The paper was withdrawn.");
    return documentOf({ db, origin: originOf(c), panelOf }, paper);
  });
  get("/people/:name", async (c) => {
    const person = await personOf(db, originOf(c), c.req.param("name") ?? "");
    if (!person) throw new Problem(404, "There is nobody of this name.");
    return person;
  });
  const list = async (rows: ReturnType<typeof sql<z.infer<typeof named>>>) => ({
    items: (await rows.execute(db)).rows,
  });
  get("/tags", () =>
    list(sql`select t.name, count(*)::int as papers from tags t join paper_tags pt on pt.tag_id = t.id
      join paper_search s on s.paper_id = pt.paper_id group by t.name order by t.name`),
  );
  get("/venues", () =>
    list(sql`select v.name, count(*)::int as papers from venues v
      join paper_search s on s.venue_id = v.id group by v.name order by v.name`),
  );
  app.get("/api/v1/*", (c) => problemOf(c, new Problem(404, `The API has nothing at ${c.req.path}.`)));
}

function problemOf(c: Context, error: unknown): Response {
  const status = error instanceof TooMany ? 429 : error instanceof Problem ? error.status : undefined;
  if (!status) throw error;
  const detail =
    error instanceof TooMany ? `The next request may come in ${error.seconds} s.` : (error as Error).message;
  const body: z.infer<typeof problem> = { type: "about:blank", title: titles[status], status, detail };
  return c.body(JSON.stringify(body), status, {
    ...headers,
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...(error instanceof TooMany ? { "Retry-After": String(error.seconds) } : {}),
  });
}

/** The routes as OpenAPI describes them; their schemas are those that the answers are made of. */
export function apiV1Paths(): Record<string, unknown> {
  const content = (schema: z.ZodType, type = "application/json") => ({
    content: { [type]: { schema: z.toJSONSchema(schema) } },
  });
  const failed = (description: string) => ({ description, ...content(problem, "application/problem+json") });
  const get = (operationId: string, summary: string, answer: z.ZodType, more: object = {}) => ({
    get: {
      ...{ operationId, summary },
      ...more,
      responses: {
        "200": { description: summary, ...content(answer) },
        "304": { description: "The ETag of If-None-Match is still right." },
        "400": failed("A parameter is wrong."),
        "404": failed("There is no such thing."),
        "410": failed("The paper was withdrawn."),
        "429": failed("This address asks too often; Retry-After says when it may again."),
      },
    },
  });
  const path = (parameter: string, description: string) => ({
    parameters: [{ name: parameter, in: "path", required: true, description, schema: { type: "string" } }],
  });
  const { properties = {} } = z.toJSONSchema(listQuery, { io: "input", unrepresentable: "any" });
  const parameters = Object.entries(properties).map(([each, schema]) => ({ name: each, in: "query", schema }));
  return {
    "/api/v1/papers": get("listPapers", "Papers, a page at a time", paperPage, { parameters }),
    "/api/v1/papers/{key}": get(
      "getPaper",
      "A paper with its summaries, claims and records",
      paperDocument,
      path("key", "BibTeX key (its slashes as they are), alias, DOI or arXiv id"),
    ),
    "/api/v1/people/{name}": get(
      "getPerson",
      "A person and what they signed",
      personDocument,
      path("name", "Of the profile"),
    ),
    "/api/v1/tags": get("listTags", "Tags, with how many papers have them", namedList),
    "/api/v1/venues": get("listVenues", "Venues, with how many papers they have", namedList),
  };
}
