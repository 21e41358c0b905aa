// A person as programs get them: what their page shows to strangers.
import type { Kysely } from "kysely";
import { paperPath } from "../../render/citations.ts";
import type { Tables } from "../database/schema.ts";
import { dayOf } from "../pages/day.ts";
import { summariesOf } from "../people/profile.ts";
import type { PersonDocument } from "./schemas.ts";

/** Undefined where there is nobody of this name. */
export async function personOf(db: Kysely<Tables>, origin: string, name: string): Promise<PersonDocument | undefined> {
  const row = await db
    .selectFrom("users")
    .select(["id", "name", "display_name as displayName", "about", "created_at as joinedAt"])
    .where("name", "=", name.slice(0, 60).toWellFormed().replace(/\0/g, ""))
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  if (!row) return undefined;
  const { id, joinedAt, ...person } = row;
  return {
    ...person,
    url: `${origin}/user?name=${encodeURIComponent(row.name)}`,
    since: dayOf(joinedAt),
    summaries: (await summariesOf(db, id)).map(({ bibtexKey, title, ref, score }) => ({
      ...{ bibtexKey, title, ref, votes: score },
      url: `${origin}${paperPath(bibtexKey)}#s-${ref}`,
    })),
  };
}
