// A mail a day with a person's notices that they have not read, and a link that ends such mails.
import { type Kysely, sql } from "kysely";
import { paperPath } from "../../render/citations.ts";
import type { Tables } from "../database/schema.ts";
import { reasons } from "../pages/notices.ts";
import { post } from "../people/accounts.ts";
import { noticesOf } from "./store.ts";

const atOnce = 100; // people of one round
const shown = 30; // notices of one mail

/** One round; of several servers on one database, one takes each person. @returns mails written */
export async function writeDigests(db: Kysely<Tables>, origin: string): Promise<number> {
  const { rows } = await sql<{ id: number; email: string; key: string; before: Date | null }>`
    with due as (
      select id, digest_at as before from users
      where email_verified_at is not null and deleted_at is null and banned_at is null and digest_off_at is null
        and (digest_at is null or digest_at < now() - interval '1 day')
      order by id limit ${atOnce} for update skip locked)
    update users u set digest_at = now() from due where u.id = due.id
    returning u.id, u.email, u.digest_key as key, due.before`.execute(db);
  let written = 0;
  for (const { id, email, key, before } of rows) {
    const fresh = (await noticesOf(db, id)).filter(({ unread, at }) => unread && (before === null || at > before));
    if (fresh.length === 0) continue;
    const lines = fresh
      .slice(0, shown)
      .map(
        ({ author, why, kind, title, bibtexKey, ref }) =>
          `${author ?? "Somebody who does not say who"} ${reasons[why]} a ${kind} on ${title}\n${origin}${paperPath(bibtexKey)}#${kind === "summary" ? "s" : "c"}-${ref}\n`,
      );
    await post(db, {
      recipient: email,
      subject: `Reprise: ${fresh.length} new`,
      body: `${lines.join("\n")}\nAll of it: ${origin}/notices\nNo more of these mails: ${origin}/digest/stop?token=${key}\n`,
    });
    written++;
  }
  return written;
}
