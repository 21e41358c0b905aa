// What one person sees of a paper's page beyond what all see.
import type { Kysely } from "kysely";
import type { Tables } from "../database/schema.ts";
import { follows } from "../notices/store.ts";
import type { PaperReader } from "../pages/paper.ts";
import type { PaperView } from "../papers.ts";
import type { Viewer } from "../people/sessions.ts";
import { findDraft, ownSummary } from "../summaries/store.ts";
import { votesOf } from "./store.ts";

export async function readerOf(
  db: Kysely<Tables>,
  paper: PaperView,
  viewer: Viewer | undefined,
): Promise<PaperReader | undefined> {
  if (!viewer) return undefined;
  const { id } = await db
    .selectFrom("papers")
    .select("id")
    .where("bibtex_key", "=", paper.bibtexKey)
    .executeTakeFirstOrThrow();
  const comments = await db
    .selectFrom("comments as c")
    .innerJoin("summaries as s", "s.id", "c.summary_id")
    .where("s.paper_id", "=", id)
    .where("c.user_id", "=", viewer.id)
    .select("c.ref")
    .execute();
  return {
    viewer,
    votes: await votesOf(db, paper.bibtexKey, viewer.id),
    mine: new Set(comments.map(({ ref }) => ref)),
    own: await ownSummary(db, id, viewer.id),
    isFollowed: await follows(db, viewer.id, { kind: "paper", key: paper.bibtexKey }),
    hasDraft: (await findDraft(db, id, viewer.id)) !== undefined,
  };
}
