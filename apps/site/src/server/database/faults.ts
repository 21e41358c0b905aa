// Errors that say that the database is not there or cannot write, not that the site asked something wrong.
import { queryCanceled } from "./pglite-dialect.ts";

const gone = "The database does not answer at present.";
const reasons: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^${queryCanceled}$`), "The database takes too long to answer."],
  [/^53100$/, "The site's disk is full: it can be read, and nothing can be saved until its host makes space."],
  [/^(25006|58030)$/, "The database can be read only at present."],
  [/^(08...|57P0[1-3]|53[23]00)$/, gone],
  [/^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/, gone],
];
/** Errors of `pg` and of Kysely that have no code. */
const withoutCode =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|driver has already been destroyed|Client has encountered a connection error)/;

/** What a reader is told; undefined where the fault is the site's own. */
export function databaseFault(error: unknown): string | undefined {
  const { code, message = "" } = error as { code?: unknown; message?: string };
  if (typeof code === "string") return reasons.find(([codes]) => codes.test(code))?.[1];
  return withoutCode.test(message) ? gone : undefined;
}
