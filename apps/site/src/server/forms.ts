// Forms that come in: read, checked against a schema, and given back with what is wrong.
import type { Context } from "hono";
import { z } from "zod";

/** A form that was sent: its values, or what is wrong and what was typed. */
export type Sent<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly form: FormState };

/** What a form shows: texts by field, and problems by field ("" is the form itself). */
export interface FormState {
  readonly given: Readonly<Record<string, string>>;
  readonly problems: Readonly<Record<string, string>>;
}

export const emptyForm: FormState = { given: {}, problems: {} };

export const longestForm = 1_100_000; // bytes: the longest text, and what encoding it adds

/** A request whose form is not read; `status` says why. */
export class BadForm extends Error {
  readonly status: 400 | 413 | 415;
  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads a form of the type that pages send without scripts. Fields that the schema does not have are refused: nothing
 * can be set that no form shows.
 *
 * @throws BadForm when it is another type, too long, or not UTF-8
 */
export async function readForm<T>(c: Context, schema: z.ZodType<T>): Promise<Sent<T>> {
  const type = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") throw new BadForm(415, "The form must be sent URL-encoded.");
  const text = await readText(c, longestForm);
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) given[name] = clean(value);
  const result = schema.safeParse(given);
  if (result.success) return { ok: true, value: result.data };
  const problems: Record<string, string> = {};
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys")
      throw new BadForm(400, `The form has a field that is not known: ${issue.keys.join(", ").slice(0, 100)}.`);
    problems[String(issue.path[0] ?? "")] ??= issue.message;
  }
  return { ok: false, form: { given, problems } };
}

/** The body as text, never more of it than allowed in memory. */
async function readText(c: Context, limit: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > limit) throw new BadForm(413, `The form is longer than ${limit.toLocaleString("en")} bytes.`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof BadForm) throw error;
    throw new BadForm(400, "The form is not UTF-8.");
  }
}

/** Line ends as one kind; without characters that no database stores and no reader sees. */
function clean(value: string): string {
  return value
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "");
}

/** A text of one line. */
export function line(most: number, name: string): z.ZodType<string> {
  return z
    .string(`${name} is missing.`)
    .trim()
    .min(1, `${name} is missing.`)
    .max(most, `${name} has more than ${most.toLocaleString("en")} characters.`)
    .refine((text) => !text.includes("\n"), `${name} is one line.`);
}

/** An address within the site, for going back to where somebody came from; anything else leads home. */
export function ownPath(text: string | undefined): string {
  if (!text?.startsWith("/") || text.length > 1000) return "/";
  const url = URL.parse(text, "https://this.invalid");
  return url?.origin === "https://this.invalid" ? url.pathname + url.search + url.hash : "/";
}
