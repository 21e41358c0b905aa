// Suggests tags for a text by what the site's own summaries are tagged with. Learning and suggesting happen in a thread
// (jobs/tags.node.ts), which starts with the first question.
import { Worker } from "node:worker_threads";
import { type Kysely, sql } from "kysely";
import type { Needs, Suggestion, TaggedText, TagReply, TagRequest } from "../jobs/tags.protocol.ts";
import type { Tables } from "./database/schema.ts";

/** Suggestions, the best first, or why there are none. */
export type SuggestedTags =
  | { readonly status: "ready"; readonly suggestions: readonly Suggestion[]; readonly learntFrom: number }
  | { readonly status: "tooFew"; readonly message: string; readonly summaries: number; readonly needs: Needs };

type Answer = Exclude<TagReply, { error: string }>;
type Unnumbered<Request> = Request extends unknown ? Omit<Request, "id"> : never;

export class TagSuggester {
  readonly #db: Kysely<Tables>;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  /** What was learnt last: the state of the tables it was learnt from, and from how many summaries. */
  #learnt: { readonly version: string; readonly from: Promise<number> } | undefined;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Learns first when summaries or tags have changed since the last time. @throws Error if the thread fails */
  async suggest(text: string): Promise<SuggestedTags> {
    const version = await this.#version();
    if (this.#learnt?.version !== version) this.#learnt = { version, from: this.#learn() };
    const summaries = await this.#learnt.from.catch((error: unknown) => {
      this.#learnt = undefined; // the next question tries again
      throw error;
    });
    const answer = await this.#ask({ kind: "suggest", text });
    if ("suggestions" in answer) return { status: "ready", suggestions: answer.suggestions, learntFrom: summaries };
    const { needs } = answer;
    const message = `There are too few tagged summaries to learn from: ${summaries}. At least ${needs.texts} are needed, and ${needs.tags} tags that ${needs.textsPerTag} of them share.`;
    return { status: "tooFew", message, summaries, needs };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #learn(): Promise<number> {
    const texts = await taggedSummaries(this.#db);
    await this.#ask({ kind: "learn", texts });
    return texts.length;
  }

  /** Changes with every summary, paper or tag that is written. */
  async #version(): Promise<string> {
    const { rows } = await sql<{ version: string }>`select concat_ws('/',
      (select concat_ws(',', count(*), max(edited_at), sum(version), count(*) filter (where listed)) from summaries),
      (select concat_ws(',', count(*), max(updated_at), max(withdrawn_at)) from papers),
      (select concat_ws(',', count(*), sum(tag_id)) from paper_tags)) as version`.execute(this.#db);
    return rows[0]!.version;
  }

  #ask(request: Unnumbered<TagRequest>): Promise<Answer> {
    const worker = this.#thread();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...request } satisfies TagRequest);
    });
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("../jobs/tags.node.ts", import.meta.url));
    worker.unref(); // it holds nothing that must be saved
    worker.on("message", (reply: TagReply) => {
      const waiter = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("error" in reply) waiter?.reject(new Error(`tags could not be learnt: ${reply.error}`));
      else waiter?.resolve(reply);
    });
    const end = (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      this.#learnt = undefined;
      if (this.#worker === worker) this.#worker = undefined; // the next question starts another
    };
    worker.on("error", (cause) => end(new Error("the thread that suggests tags failed", { cause })));
    worker.on("exit", (code) => end(new Error(`the thread that suggests tags ended with code ${code}`)));
    this.#worker = worker;
    return worker;
  }
}

/** Every summary of a paper that has tags: the paper's title and the summary as it was written. */
function taggedSummaries(db: Kysely<Tables>): Promise<TaggedText[]> {
  return db
    .selectFrom("summaries as s")
    .innerJoin("papers as p", "p.id", "s.paper_id")
    .innerJoin("paper_tags as pt", "pt.paper_id", "p.id")
    .innerJoin("tags as t", "t.id", "pt.tag_id")
    .select([
      sql<string>`p.title || ' ' || s.source`.as("text"),
      sql<string[]>`json_agg(t.name order by t.name)`.as("tags"),
    ])
    .where("p.withdrawn_at", "is", null)
    .where("s.listed", "=", true) // what is learnt from can be asked for
    .groupBy(["p.id", "s.id"])
    .orderBy("s.id")
    .execute();
}
