// What a reader types into the search field, taken apart. Pure.

/** A part of a query: words one after the other, or one word, or one that must not occur. */
export interface QueryPart {
  readonly kind: "word" | "phrase" | "without";
  /** Words without punctuation, joined by spaces. */
  readonly text: string;
}

/** Longer queries are cut: nobody types them. */
export const longestQuery = 200;
const mostParts = 12;

/**
 * Words, "phrases in quotation marks" and words with a minus sign before them. A word with punctuation inside, such as
 * bit-flip or 1607.01759, is its pieces one after the other.
 */
export function queryParts(query: string): QueryPart[] {
  const parts: QueryPart[] = [];
  for (const [, minus, quoted, bare] of query
    .slice(0, longestQuery)
    .matchAll(/(-?)(?:["“”]([^"“”]*)["“”]?|([^\s"“”]+))/gu)) {
    const words = (quoted ?? bare ?? "").match(/[\p{L}\p{M}\p{N}]+/gu);
    if (!words || parts.length === mostParts) continue;
    const text = words.join(" ");
    parts.push({ kind: minus ? "without" : words.length > 1 ? "phrase" : "word", text });
  }
  return parts;
}

/** Names under which a query may mean one paper: a key, DOI or arXiv id, plain or as an address; in small letters. */
export function identifiersOf(query: string): string[] {
  const text = query.trim().toLowerCase();
  if (text === "" || /\s/.test(text) || text.length > longestQuery) return [];
  const bare = text
    .replace(/^https?:\/\//, "")
    .replace(/^(?:(?:www\.|export\.)?arxiv\.org\/(?:abs|pdf|html)\/|arxiv:|(?:dx\.)?doi\.org\/|doi:)/, "")
    .replace(/^.*[?&]bibtexkey=([^&#]*).*$/, (_, key: string) => decoded(key))
    .replace(/\.pdf$/, "")
    .replace(/^(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})v\d+$/, "$1")
    .replace(/^(?:dblp:|rec\/)/, "");
  return [...new Set([text, bare])];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** How many letters are put in, left out, changed or exchanged with their neighbour to make one word of another. */
export function slips(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
