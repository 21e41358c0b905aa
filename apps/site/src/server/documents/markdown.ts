// The twins of pages in Markdown, for readers that are programs and for people who like text.
import type { ResultTable } from "../content-format.ts";
import type { PaperDocument, PaperEntry, PersonDocument } from "./schemas.ts";

export function paperMarkdown(paper: PaperDocument): string {
  const facts = [
    paper.authors.map(text).join(", "),
    `${text(paper.venue)}, ${paper.year}`,
    ...(paper.doi ? [`DOI: ${text(paper.doi)}`] : []),
    ...(paper.arxivId ? [`arXiv: ${text(paper.arxivId)}`] : []),
    ...(paper.tags.length > 0 ? [`Tags: ${paper.tags.map(text).join(", ")}`] : []),
    `Key: \`${paper.bibtexKey}\``,
    `Page: <${paper.url}>`,
  ];
  const summaries = paper.summaries.map(
    ({ author, day, votes, machine, markdown, licence, sha256 }) =>
      `## Summary by ${author ? text(author.displayName) : "somebody who does not say who"}\n\n${markdown.trim()}\n\n` +
      `(${[day, `${votes} votes`, machine === "none" ? "" : `written with a machine: ${machine}`, licence, `sha256 ${sha256}`].filter(Boolean).join("; ")})`,
  );
  const results = paper.results.map(resultsMarkdown);
  return `${[
    `# ${text(paper.title)}`,
    facts.map((fact) => `- ${fact}`).join("\n"),
    ...summaries,
    ...(results.length > 0 ? ["## Claimed and reproduced", ...results] : []),
    `## BibTeX\n\n${fenced(paper.bibtex)}`,
  ].join("\n\n")}\n`;
}

function resultsMarkdown({ caption, metric, note, rows }: ResultTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const head = ["Setting", "Claimed", "Where", "Reproduced", "Interval", "Command", "Data (sha256)"];
  return [
    `### ${text(caption)} (${text(metric)})`,
    ...(note ? [text(note)] : []),
    [
      line(head),
      line(head.map(() => "---")),
      ...rows.map(({ name, claimed, reproduced, command }) =>
        line(
          [
            ...[name, claimed?.value ?? "", claimed?.source ?? "", reproduced?.value ?? ""],
            ...[reproduced?.interval ?? "", reproduced?.command ?? command ?? "", reproduced?.dataSha256 ?? ""],
          ].map(text),
        ),
      ),
    ].join("\n"),
  ].join("\n\n");
}

export function listMarkdown(title: string, papers: readonly PaperEntry[]): string {
  const rows = papers.map(
    ({ title: name, url, authors, venue, year, summaries, votes }) =>
      `- [${text(name)}](<${url}>). ${authors.map(text).join(", ")}. ${text(venue)}, ${year}. ${summaries} ${summaries === 1 ? "summary" : "summaries"}, ${votes} votes.`,
  );
  return `# ${text(title)}\n\n${rows.length > 0 ? rows.join("\n") : "No papers."}\n`;
}

export function personMarkdown({ displayName, name, since, about, summaries }: PersonDocument): string {
  const rows = summaries.map(({ title, url, votes }) => `- [${text(title)}](<${url}>), ${votes} votes`);
  return `${[`# ${text(displayName)}`, `${text(name)}, here since ${since}`, text(about), rows.join("\n")].filter(Boolean).join("\n\n")}\n`;
}

/** As text in Markdown: nothing in it begins a link, a table's cell, markup or HTML. */
function text(value: string): string {
  return value.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|#~]/g, "\\$&");
}

/** In a fence longer than any within. */
function fenced(value: string): string {
  const longest = Math.max(2, ...[...value.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}bibtex\n${value.trim()}\n${fence}`;
}
