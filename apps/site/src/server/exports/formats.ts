// Papers for reference managers and tables: BibTeX, RIS, CSL-JSON, CSV. Pure.
import type { PaperEntry } from "../documents/schemas.ts";

/** What the formats say of a paper; a list's entry has all of it. */
export type Reference = Pick<
  PaperEntry,
  "bibtexKey" | "url" | "title" | "authors" | "venue" | "year" | "tags" | "doi" | "arxivId" | "bibtex"
>;

export const bibtex = (papers: readonly Reference[]) => papers.map((paper) => `${paper.bibtex.trim()}\n`).join("\n");

/** By the kind of the paper's BibTeX entry: CSL's type and RIS's. */
const kinds: Readonly<Record<string, readonly [csl: string, ris: string]>> = {
  article: ["article-journal", "JOUR"],
  inproceedings: ["paper-conference", "CPAPER"],
  conference: ["paper-conference", "CPAPER"],
  incollection: ["chapter", "CHAP"],
  inbook: ["chapter", "CHAP"],
  book: ["book", "BOOK"],
  phdthesis: ["thesis", "THES"],
  mastersthesis: ["thesis", "THES"],
  techreport: ["report", "RPRT"],
};

function kindOf({ bibtex: text }: Reference): readonly [csl: string, ris: string] {
  return kinds[/^\s*@(\w{1,30})/.exec(text)?.[1]?.toLowerCase() ?? ""] ?? ["article", "GEN"];
}

interface Name {
  readonly family: string;
  readonly given?: string;
  readonly "non-dropping-particle"?: string;
}

/** "Ada van der Sample 0001", as DBLP tells two people of one name apart, is the family "Sample". */
function nameOf(author: string): Name | { readonly literal: string } {
  const words = author.replace(/\s+\d{4}$/, "").split(/\s+/);
  const family = words.pop() ?? "";
  if (words.length === 0) return { literal: family };
  const first = words.findIndex((word) => /^\p{Ll}/u.test(word));
  const particle = first > 0 ? words.splice(first).join(" ") : "";
  return { family, given: words.join(" "), ...(particle ? { "non-dropping-particle": particle } : {}) };
}

/** One item of CSL-JSON (schema 1.0.2). */
export function cslItem(paper: Reference) {
  const { bibtexKey, title, authors, venue, year, doi, arxivId, tags, url } = paper;
  return {
    id: bibtexKey,
    type: kindOf(paper)[0],
    title,
    author: authors.map(nameOf),
    issued: { "date-parts": [[year]] },
    "container-title": venue,
    ...(doi ? { DOI: doi } : {}),
    ...(arxivId ? { archive: "arXiv", archive_location: arxivId } : {}),
    ...(tags.length > 0 ? { keyword: tags.join(", ") } : {}),
    URL: paperAddress(paper) ?? url,
  };
}

export const cslJson = (papers: readonly Reference[]) => `${JSON.stringify(papers.map(cslItem), null, 1)}\n`;

/** Where the paper itself is. */
function paperAddress({ doi, arxivId }: Reference): string | undefined {
  if (doi) return `https://doi.org/${encodeURI(doi)}`;
  return arxivId ? `https://arxiv.org/abs/${encodeURI(arxivId)}` : undefined;
}

/** RIS: a tag of two letters, two spaces, a hyphen, a space; lines end as the format's own definition has it. */
export function ris(papers: readonly Reference[]): string {
  return papers
    .map((paper) => {
      const lines: (readonly [string, string | null])[] = [
        ["TY", kindOf(paper)[1]],
        ["ID", paper.bibtexKey],
        ["TI", paper.title],
        ...paper.authors.map((author) => ["AU", risName(author)] as const),
        ["PY", String(paper.year)],
        ["T2", paper.venue],
        ["DO", paper.doi],
        ["AN", paper.arxivId && `arXiv:${paper.arxivId}`],
        ...paper.tags.map((tag) => ["KW", tag] as const),
        ["UR", paperAddress(paper) ?? paper.url],
        ["ER", ""],
      ];
      return lines
        .filter(([, value]) => value !== null)
        .map(([tag, value]) => `${tag}  - ${oneLine(value ?? "")}\r\n`)
        .join("");
    })
    .join("\r\n");
}

function risName(author: string): string {
  const name = nameOf(author);
  if ("literal" in name) return name.literal;
  const particle = name["non-dropping-particle"];
  return `${particle ? `${particle} ` : ""}${name.family}, ${name.given}`;
}

const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");

const columns = ["key", "title", "authors", "venue", "year", "doi", "arxivId", "tags", "url"] as const;

/** As RFC 4180 has it. A cell that a spreadsheet would compute begins with an apostrophe. */
export function csv(papers: readonly Reference[]): string {
  const rows = papers.map(({ bibtexKey, title, authors, venue, year, doi, arxivId, tags, url }) => [
    ...[bibtexKey, title, authors.join("; "), venue, String(year), doi ?? "", arxivId ?? "", tags.join("; "), url],
  ]);
  return [columns, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
