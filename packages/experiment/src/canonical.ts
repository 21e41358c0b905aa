// Plain data as one text, whatever the order in which its fields were written, and the hash of that text.

/** What can be written as JSON and read back as the same: no NaN, no infinity, no typed arrays, no functions. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * The text of plain data: fields in the order of their names, those that are undefined left out.
 *
 * @param what  what the data is, for the error, e.g. `parameters of step "train"`
 * @throws TypeError for what JSON would lose or change, with its place
 */
export function canonical(data: unknown, what: string): string {
  return write(data, what, "");
}

function write(data: unknown, what: string, place: string): string {
  if (data === null || typeof data === "boolean" || typeof data === "string") return JSON.stringify(data);
  if (typeof data === "number" && Number.isFinite(data)) return JSON.stringify(data);
  if (Array.isArray(data)) return `[${data.map((item, i) => write(item, what, `${place}[${i}]`)).join(",")}]`;
  if (typeof data === "object" && isPlain(data)) {
    const fields = Object.entries(data).filter(([, value]) => value !== undefined);
    const texts = fields
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${JSON.stringify(name)}:${write(value, what, `${place}.${name}`)}`);
    return `{${texts.join(",")}}`;
  }
  const kind = typeof data === "object" ? data.constructor.name : typeof data === "number" ? data : typeof data;
  throw new TypeError(`${what}: ${place === "" ? "it" : place} is ${kind}; expected plain data that JSON keeps`);
}

function isPlain(data: object): boolean {
  const prototype = Object.getPrototypeOf(data);
  return prototype === Object.prototype || prototype === null;
}

/** SHA-256 as 64 hexadecimal digits. */
export async function sha256(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  // Web Crypto takes no view of shared memory; a copy is no more than the digest reads.
  const whole = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
