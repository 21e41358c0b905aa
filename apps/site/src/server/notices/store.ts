// What people follow, whom texts mention, and what there is to tell somebody.
import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "../database/schema.ts";

type Db = Kysely<Tables> | Transaction<Tables>;

export const followed = ["paper", "author", "tag", "person"] as const;
export type Followed = (typeof followed)[number];

/** One thing that somebody follows, by the name under which pages know it. */
export interface Subscription {
  readonly kind: Followed;
  readonly key: string;
}

const columns = { paper: "paper_id", author: "author_id", tag: "tag_id", person: "person_id" } as const;
const most = 500; // subscriptions of one person

async function idOf(db: Db, { kind, key }: Subscription): Promise<number | undefined> {
  const query = {
    paper: () => db.selectFrom("papers").where("bibtex_key", "=", key).where("withdrawn_at", "is", null).select("id"),
    author: () => db.selectFrom("authors").where("name", "=", key).select("id"),
    tag: () => db.selectFrom("tags").where("name", "=", key).select("id"),
    person: () => db.selectFrom("users").where("name", "=", key).where("deleted_at", "is", null).select("id"),
  }[kind];
  return (await query().executeTakeFirst())?.id;
}

/** @returns false where there is no such thing, or the person follows as much as one can */
export async function follow(db: Kysely<Tables>, userId: number, what: Subscription, on: boolean): Promise<boolean> {
  const id = await idOf(db, what);
  if (id === undefined) return false;
  const column = columns[what.kind];
  if (!on) {
    await db.deleteFrom("subscriptions").where("user_id", "=", userId).where(column, "=", id).execute();
    return true;
  }
  if ((await subscriptionsOf(db, userId)).length >= most) return false;
  await db
    .insertInto("subscriptions")
    .values({ user_id: userId, [column]: id })
    .onConflict((oc) => oc.doNothing())
    .execute();
  return true;
}

export async function follows(db: Kysely<Tables>, userId: number, what: Subscription): Promise<boolean> {
  return (await subscriptionsOf(db, userId)).some(({ kind, key }) => kind === what.kind && key === what.key);
}

export async function subscriptionsOf(db: Db, userId: number): Promise<Subscription[]> {
  const { rows } = await sql<Subscription>`
    select case when paper_id is not null then 'paper' when author_id is not null then 'author'
        when tag_id is not null then 'tag' else 'person' end as kind,
      coalesce(p.bibtex_key, a.name, t.name, u.name) as key
    from subscriptions s left join papers p on p.id = paper_id left join authors a on a.id = author_id
      left join tags t on t.id = tag_id left join users u on u.id = person_id
    where s.user_id = ${userId} order by kind, key`.execute(db);
  return rows;
}

const mentionsAtMost = 20; // of one text

/** Keeps whom a text names as @name; those whom it named before and no longer does are forgotten. */
export async function keepMentions(
  db: Db,
  about: { readonly summary_id: number } | { readonly comment_id: number },
  source: string,
): Promise<void> {
  const [column, id] = "summary_id" in about ? ["summary_id", about.summary_id] : ["comment_id", about.comment_id];
  await db
    .deleteFrom("mentions")
    .where(column as "summary_id", "=", id as number)
    .execute();
  const names = [...source.matchAll(/(?<![\w@/.-])@([a-z0-9][a-z0-9-]{1,29})(?![\w-])/g)].map(([, name = ""]) => name);
  const some = [...new Set(names)].slice(0, mentionsAtMost);
  if (some.length === 0) return;
  const people = await db
    .selectFrom("users")
    .where("name", "in", some)
    .where("deleted_at", "is", null)
    .select("id")
    .execute();
  if (people.length > 0)
    await db
      .insertInto("mentions")
      .values(people.map((person) => ({ user_id: person.id, ...about })))
      .execute();
}

export interface Notice {
  readonly kind: "summary" | "comment";
  readonly ref: string;
  readonly bibtexKey: string;
  readonly title: string;
  /** Null where the author is not named, also to followers. */
  readonly author: string | null;
  readonly why: "mention" | "answer" | "comment" | "followed";
  readonly at: Date;
  readonly unread: boolean;
}

/**
 * What others wrote that a person follows, is named in, or is answered by; the newest first. Only what everybody may
 * read now; an unsigned text is told to those who follow the paper, its authors or tags, never to those who follow the
 * person.
 */
export async function noticesOf(db: Kysely<Tables>, userId: number): Promise<Notice[]> {
  const follow = (
    unsigned: ReturnType<typeof sql>,
  ) => sql`exists (select from subscriptions f where f.user_id = me.id and (
      f.paper_id = p.id
      or f.author_id in (select author_id from paper_authors where paper_id = p.id)
      or f.tag_id in (select tag_id from paper_tags where paper_id = p.id)
      or (not ${unsigned} and f.person_id = u.id)))`;
  const { rows } = await sql<Notice>`
    with me as (select id, coalesce(notices_read_at, created_at) as read_at from users where id = ${userId}),
    found as (
      select 'summary' as kind, s.ref, p.bibtex_key as "bibtexKey", p.title, s.edited_at as at,
        case when s.anonymous then null else u.display_name end as author,
        case when exists (select from mentions m where m.summary_id = s.id and m.user_id = me.id) then 'mention'
          when ${follow(sql`s.anonymous`)} then 'followed' end as why
      from me, summaries s join papers p on p.id = s.paper_id join users u on u.id = s.user_id
      where s.listed and p.withdrawn_at is null and s.user_id <> me.id and s.edited_at > now() - interval '90 days'
      union all
      select 'comment', c.ref, p.bibtex_key, p.title, c.created_at,
        case when c.anonymous then null else u.display_name end,
        case when exists (select from mentions m where m.comment_id = c.id and m.user_id = me.id) then 'mention'
          when exists (select from comments up where up.id = c.parent_id and up.user_id = me.id) then 'answer'
          when s.user_id = me.id then 'comment'
          when ${follow(sql`c.anonymous`)} then 'followed' end
      from me, comments c join summaries s on s.id = c.summary_id join papers p on p.id = s.paper_id
        join users u on u.id = c.user_id
      where s.listed and p.withdrawn_at is null and c.deleted_at is null and c.held_at is null and c.hidden_at is null
        and c.user_id <> me.id and c.created_at > now() - interval '90 days'
    )
    select found.*, found.at > me.read_at as unread from found, me
    where why is not null order by found.at desc limit 100`.execute(db);
  return rows;
}
