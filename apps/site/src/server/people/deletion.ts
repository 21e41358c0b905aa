// Deleting an account: what identifies a person goes, and what they wrote goes with it.
import type { Kysely } from "kysely";
import type { Tables } from "../database/schema.ts";

/** The row stays, empty, because the audit log names it. */
export async function deleteAccount(db: Kysely<Tables>, id: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom("votes").where("user_id", "=", id).execute();
    await trx.deleteFrom("drafts").where("user_id", "=", id).execute();
    // What others answered stays: of the comment itself nothing is left.
    await trx
      .updateTable("comments")
      .set({ deleted_at: new Date(), source: "", html: "" })
      .where("user_id", "=", id)
      .execute();
    await trx.deleteFrom("summaries").where("user_id", "=", id).execute();
    await trx.deleteFrom("sessions").where("user_id", "=", id).execute();
    await trx.deleteFrom("api_tokens").where("user_id", "=", id).execute();
    await trx.deleteFrom("former_names").where("user_id", "=", id).execute();
    await trx.deleteFrom("mentions").where("user_id", "=", id).execute();
    await trx
      .deleteFrom("subscriptions")
      .where((eb) => eb.or([eb("user_id", "=", id), eb("person_id", "=", id)]))
      .execute();
    await trx.deleteFrom("links").where("user_id", "=", id).execute();
    const { email } = await trx.selectFrom("users").select("email").where("id", "=", id).executeTakeFirstOrThrow();
    if (email) await trx.deleteFrom("outbox").where("recipient", "=", email).execute();
    await trx
      .updateTable("users")
      .set({
        ...{ name: `deleted-${id}`, display_name: "Deleted account", email: null, email_verified_at: null },
        ...{ password_hash: null, about: "", role: "reader", deleted_at: new Date() },
      })
      .where("id", "=", id)
      .execute();
  });
}
