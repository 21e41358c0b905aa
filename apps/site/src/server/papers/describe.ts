// A paper from the few fields of a form: its key, and the BibTeX entry that others can cite it with.
import { arxivIdIn, identifierIn } from "../../bibtex/identifiers.ts";
import type { PaperDescription } from "../../bibtex/read.ts";

export interface PaperFields {
  readonly title: string;
  /** One a line. */
  readonly authors: readonly string[];
  readonly year: number;
  readonly venue: string;
  /** DOI, arXiv id, or an address that holds one. */
  readonly identifier: string;
}

/** @param taken  whether a key is another paper's */
export async function describePaper(
  { title, authors, year, venue, identifier }: PaperFields,
  taken: (key: string) => Promise<boolean>,
): Promise<PaperDescription> {
  const found = identifierIn(identifier);
  const arxivId = found && "arxivId" in found ? found.arxivId : null;
  const doi = found && "doi" in found ? found.doi : null;
  const bibtexKey = arxivId ? arxivKey(arxivId) : await freeKey(title, authors, year, taken);
  const aliases = arxivId ? [`arXiv:${arxivId}`] : [];
  const where = venue || (arxivId ? "CoRR" : "Unpublished");
  const entry: [string, string][] = [
    ["title", `{${bibtexText(title)}}`],
    ["author", authors.map(bibtexText).join(" and ")],
    ["year", String(year)],
  ];
  if (venue) entry.push(["journal", bibtexText(venue)]);
  if (doi) entry.push(["doi", bibtexText(doi)]);
  if (arxivId) entry.push(["eprint", arxivId], ["archivePrefix", "arXiv"]);
  const bibtex = `@${venue ? "article" : "misc"}{${bibtexKey},\n${entry.map(([name, value]) => `  ${name} = {${value}}`).join(",\n")}\n}`;
  return { bibtexKey, aliases, title, authors, venue: where, year, doi, arxivId, bibtex };
}

/** As DBLP names a paper of arXiv: journals/corr/abs-1312-6199. */
export function arxivKey(id: string): string {
  return `journals/corr/abs-${(arxivIdIn(id) ?? id).replace(/[./]/g, "-")}`;
}

/** "szegedy2013intriguing", with a letter behind it where that is taken. */
async function freeKey(
  title: string,
  authors: readonly string[],
  year: number,
  taken: (key: string) => Promise<boolean>,
): Promise<string> {
  const word = (text: string) =>
    text
      .normalize("NFKD")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "");
  const last = word(authors[0]?.split(" ").at(-1) ?? "") || "anon";
  const first =
    title
      .split(/\s+/)
      .map(word)
      .find((part) => part.length > 3) ?? "";
  const key = `${last}${year}${first}`.slice(0, 100);
  if (!(await taken(key))) return key;
  for (let number = 2; number < 1000; number++) if (!(await taken(`${key}-${number}`))) return `${key}-${number}`;
  throw new Error(`no key is free that begins with ${key}`);
}

/** Text as BibTeX prints it: its own signs escaped, braces left out. */
function bibtexText(text: string): string {
  return text.replace(/[{}\\]/g, "").replace(/[&%$#_]/g, "\\$&");
}
