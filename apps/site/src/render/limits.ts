// What a text may ask of the parser. Markdown's parsers take quadratic time in the marks of one block, and the call
// stack in the depth of its containers: a text beyond what people write is shown as it stands, or refused.

/** A text that is not rendered; the message says where and why, for its author. */
export class RenderError extends Error {
  override readonly name = "RenderError";
}

export const longestText = 200_000; // characters
export const deepestNesting = 50; // quotations and lists in each other
export const mostBlocks = 1000; // quotations, notes and underlined headings
export const mostMarks = 2000; // characters with a meaning, in one block

const fence = /^[\s>]*(`{3,}|~{3,})/;

/**
 * The text as it may be parsed: a block (lines up to an empty one) with thousands of marks becomes a code block, so that
 * it is shown as it was written.
 *
 * @throws RenderError when it is too long or nested too deeply
 */
export function withinLimits(markdown: string): string {
  if (markdown.length > longestText)
    throw new RenderError(
      `the text has ${markdown.length.toLocaleString("en")} characters; at most ${longestText.toLocaleString("en")} are rendered`,
    );
  const lines = markdown.split(/\r\n|\n|\r/);
  const out: string[] = [];
  const nesting = new Nesting();
  let closing: string | null = null; // the fence of the code block that the line is in
  let start = 0;
  let blocks = 0;
  const endBlock = (end: number) => {
    const block = lines.slice(start, end);
    out.push(...(marksOf(block) > mostMarks ? asCode(block) : block));
    start = end;
  };
  for (const [i, line] of lines.entries()) {
    const found = fence.exec(line)?.[1];
    if (closing) {
      if (found?.startsWith(closing) && /^[\s>]*[`~]+\s*$/.test(line)) {
        closing = null;
        out.push(...lines.slice(start, i + 1)); // code is read without looking for marks
        start = i + 1;
      }
    } else if (found) {
      endBlock(i);
      closing = found;
    } else {
      const depth = nesting.depthOf(line);
      if (depth > deepestNesting)
        throw new RenderError(
          `line ${i + 1} is nested ${depth} levels deep in lists and quotations; at most ${deepestNesting} are rendered`,
        );
      // The parser's time is quadratic in them, blank lines between them or not.
      if (beginsBlock(line, lines[i - 1] ?? "") && ++blocks > mostBlocks)
        throw new RenderError(
          `line ${i + 1} begins one more quotation, note or underlined heading; at most ${mostBlocks} are rendered`,
        );
      if (line.trim() === "") endBlock(i + 1);
    }
  }
  if (closing) out.push(...lines.slice(start));
  else endBlock(lines.length);
  return out.join("\n");
}

/** Whether a line underlines a heading, or begins a quotation or a note, given the line before it. */
function beginsBlock(line: string, before: string): boolean {
  if (/^[\s>]*(?:=+|-+)\s*$/.test(line)) return before.trim() !== "";
  return /^\s*(?:[-+*\d.)]+\s+)*(?:\[\^|>)/.test(line) && !/^\s*>/.test(before);
}

function marksOf(block: readonly string[]): number {
  let marks = 0;
  for (const line of block) marks += line.match(/[[\]*_~`$@&<\\!]/g)?.length ?? 0;
  return marks;
}

function asCode(lines: readonly string[]): string[] {
  const block = lines.at(-1)?.trim() === "" ? lines.slice(0, -1) : lines;
  const longest = Math.max(
    0,
    ...block.map((line) => line.match(/`+/g)?.reduce((n, run) => Math.max(n, run.length), 0) ?? 0),
  );
  const ticks = "`".repeat(Math.max(3, longest + 1));
  return ["", ticks, ...block, ticks, ""];
}

/** How deep lines stand in lists and quotations, by their markers and indents. */
class Nesting {
  /** Columns where the text of each open list item begins. */
  #items: number[] = [];

  depthOf(line: string): number {
    let column = 0;
    let quotes = 0;
    let at = 0;
    const blank = () => {
      for (; line[at] === " " || line[at] === "\t"; at++) column += line[at] === "\t" ? 4 - (column % 4) : 1;
    };
    for (blank(); line[at] === ">"; blank()) {
      quotes++;
      at++;
      column++;
    }
    if (at === line.length && quotes === 0) return this.#items.length;
    this.#items = this.#items.filter((text) => text <= column);
    while (column - (this.#items.at(-1) ?? 0) < 4 || quotes > 0) {
      const marker = /^(?:>|[-+*](?=\s)|\d{1,9}[.)](?=\s))/.exec(line.slice(at, at + 11))?.[0];
      if (!marker) break;
      at += marker.length;
      column += marker.length;
      if (marker === ">") quotes++;
      const before = column;
      blank();
      if (marker !== ">") this.#items.push(column - before > 4 ? before + 1 : column);
    }
    return this.#items.length + quotes;
  }
}
