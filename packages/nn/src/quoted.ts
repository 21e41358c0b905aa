// What a file says, in messages: a hostile name may have megabytes, or hold characters that a terminal obeys.

const MAX_SHOWN = 100;

/** A name in quotation marks, cut where it is long, control characters escaped. */
export const quoted = (name: string): string => JSON.stringify(cut(name));

/** A value of a parsed JSON text as JSON, cut where it is long; "nothing" for one that is not there. */
export const shownJson = (value: unknown): string => cut(JSON.stringify(value) ?? "nothing");

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}
