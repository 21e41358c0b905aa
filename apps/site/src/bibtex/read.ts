// BibTeX text → papers, and what is wrong with the rest, by line. Pure.
import { type Entry, parse } from "@retorquere/bibtex-parser";
import { arxivIdIn, doiIn } from "./identifiers.ts";

/** A paper as a BibTeX entry or a form describes it. */
export interface PaperDescription {
  readonly bibtexKey: string;
  /** Other keys that lead to it. */
  readonly aliases: readonly string[];
  readonly title: string;
  readonly authors: readonly string[];
  readonly venue: string;
  readonly year: number;
  readonly doi: string | null;
  readonly arxivId: string | null;
  readonly bibtex: string;
}

export interface BibtexEntry extends PaperDescription {
  /** Where it begins, from 1. */
  readonly line: number;
}

export interface BibtexProblem {
  readonly line: number;
  readonly message: string;
  /** The entry as it was written, for correcting it. */
  readonly input: string;
}

export interface BibtexResult {
  readonly entries: readonly BibtexEntry[];
  readonly problems: readonly BibtexProblem[];
}

export const mostEntries = 200;
const key = /^[\w.:+-]+(?:\/[\w.:+-]+)*$/;

/** Reads what it can; each entry that it cannot use is a problem with its line. */
export function readBibtex(text: string): BibtexResult {
  const library = parse(text, { english: false });
  const entries: BibtexEntry[] = [];
  const problems: BibtexProblem[] = library.errors.map(({ error, input }) => {
    const said = /^(.*?) at line (\d+)/s.exec(error);
    const from = lineOf(text, input ?? "", 0);
    return { line: from?.line ?? Number(said?.[2] ?? 1), message: readableError(error), input: input ?? "" };
  });
  const seen = new Map<string, number>();
  let at = 0;
  for (const entry of library.entries) {
    if (!entry.input) continue; // what could not be parsed, told above
    const place = lineOf(text, entry.input, at) ?? { line: 1, end: at };
    at = place.end;
    const { line } = place;
    const made = describe(entry);
    if (typeof made === "string") problems.push({ line, message: made, input: entry.input });
    else if (seen.has(made.bibtexKey))
      problems.push({
        line,
        message: `the key ${made.bibtexKey} is that of line ${seen.get(made.bibtexKey)}, too`,
        input: entry.input,
      });
    else if (entries.length >= mostEntries)
      problems.push({ line, message: `at most ${mostEntries} entries are taken at once`, input: entry.input });
    else {
      seen.set(made.bibtexKey, line);
      entries.push({ ...made, line });
    }
  }
  if (entries.length + problems.length === 0 && text.trim() !== "")
    problems.push({
      line: 1,
      message: "there is no BibTeX entry: one begins with @article{KEY, or the like",
      input: text,
    });
  return { entries, problems: problems.sort((a, b) => a.line - b.line) };
}

/** "Unterminated brace-value …" as a person would say it. */
function readableError(error: string): string {
  const kind = / in "(\w+)"$/.exec(error)?.[1];
  const what = kind ? `the @${kind} entry` : "the text";
  if (/^Unterminated/.test(error)) return `${what} does not end: a brace or quotation mark is not closed`;
  if (/^Token mismatch/.test(error)) return `${what} cannot be read: a brace or comma is missing`;
  return `${what} cannot be read: ${error.slice(0, 200)}`;
}

function lineOf(text: string, part: string, from: number): { line: number; end: number } | undefined {
  if (part === "") return undefined;
  const at = text.indexOf(part, from);
  if (at < 0) return undefined;
  const blank = part.length - part.trimStart().length;
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < at + blank; i = text.indexOf("\n", i + 1)) line++;
  return { line, end: at + part.length };
}

/** The paper, or why the entry cannot be one. */
function describe({ type, key: written, fields, input }: Entry): PaperDescription | string {
  const name = written ? `${written}: ` : "";
  const bibtexKey = written.replace(/^DBLP:/i, "");
  if (!key.test(bibtexKey) || bibtexKey.length > 200)
    return `${name || "the entry: "}its key has to be letters, digits and . : + - _ in parts separated by /, at most 200 in all`;
  // TeX prints < and > as these two; whoever pastes them means what they typed.
  const typed = (text = "") => (/[¡¿]/.test(input) ? text : text.replaceAll("¡", "<").replaceAll("¿", ">"));
  const title = plain(typed(fields.title));
  if (title === "") return `${name}the title is missing`;
  if (title.length > 1000) return `${name}the title has more than 1,000 characters`;
  const authors = (fields.author ?? fields.editor ?? [])
    .map(({ name: whole, firstName, prefix, lastName, suffix }) =>
      plain(typed(whole ?? [firstName, prefix, lastName, suffix].filter(Boolean).join(" "))),
    )
    .filter((author) => author !== "" && author !== "others");
  if (authors.length === 0) return `${name}the authors are missing`;
  if (authors.length > 5000) return `${name}there are more than 5,000 authors`;
  const year = Number(/\d{4}/.exec(String(fields.year ?? fields.date ?? ""))?.[0]);
  if (!(year >= 1600 && year <= 2200)) return `${name}the year is missing`;
  const arxivId = arxivOf(fields as Record<string, string>);
  const venue =
    plain(
      fields.journal ??
        fields.journaltitle ??
        fields.booktitle ??
        fields.series ??
        first(fields.school) ??
        first(fields.publisher),
    ) || (arxivId ? "arXiv" : (venues[type] ?? "Unpublished"));
  return {
    ...{ bibtexKey, title, authors: authors.map((author) => author.slice(0, 200)), venue: venue.slice(0, 300), year },
    aliases: written === bibtexKey ? [] : [written],
    ...{ doi: doiIn(fields.doi ?? fields.url ?? "") ?? null, arxivId: arxivId ?? null, bibtex: input.trim() },
  };
}

const venues: Readonly<Record<string, string>> = {
  phdthesis: "PhD thesis",
  mastersthesis: "Master's thesis",
  book: "Book",
};

function arxivOf({
  eprint,
  archiveprefix,
  eprinttype,
  journal,
  volume,
  url,
  doi,
  note,
}: Record<string, string>): string | undefined {
  const declared = /^arxiv$/i.test(archiveprefix ?? eprinttype ?? "") ? arxivIdIn(eprint ?? "") : undefined;
  const corr = /^corr$/i.test(journal ?? "") ? arxivIdIn((volume ?? "").replace(/^abs\//, "")) : undefined;
  const linked = [url, doi, journal, note].map((text) =>
    /arxiv/i.test(text ?? "") ? arxivIdIn(text ?? "") : undefined,
  );
  return declared ?? corr ?? linked.find((id) => id !== undefined);
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}

/** Without the few tags by which the parser marks what BibTeX sets in another type. */
function plain(value: string | undefined): string {
  return (value ?? "")
    .replace(/<\/?(?:i|b|em|strong|sup|sub|sc|tt|span|code|pre)(?: [^<>]{0,100})?>/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .normalize("NFC");
}
