// What the encoded lines tell: where parts of them begin, how much a line touches, and which rows are named most often.
import { type Job, lineHeader } from "../kernel/kernel.ts";
import { on } from "../kernel/records.ts";

/** Lines by which the work of one is told. */
const sampledLines = 1 << 12;
/** Rows of lines, spread over the text, by which rows are counted. */
const sampledRows = 1 << 18;

/**
 * The lines in so many parts, about as long as each other.
 *
 * @returns where each part begins, and the end, with the number of the line there; the rows of the longest line
 */
export function partsOf(
  { lines, tables: { memory } }: Job,
  parts: number,
): { bounds: readonly { at: number; line: number }[]; longest: number } {
  const found = memory.int32(2);
  const bounds = [{ at: 0, line: 0 }];
  for (let part = 1; part <= parts; part++) {
    const goal = Math.floor((lines.length * part) / parts);
    const at = on(memory).exports.passLines(lines.byteOffset, bounds[part - 1]!.at, goal, found.byteOffset);
    bounds.push({ at, line: found[0]! });
  }
  return { bounds, longest: found[1]! };
}

/** Tokens and rows of a line, and numbers of the outputs that it touches: means of the first lines. */
export function meanLine({ lines, neg, tables }: Job): { tokens: number; rows: number; outputs: number } {
  const { loss, dim, output } = tables;
  const all = output.values.length;
  const outputs = { hs: dim * Math.log2(1 + output.rows), ns: dim * (1 + neg), softmax: all, ova: all }[loss];
  let tokens = 0;
  let rows = 0;
  let line = 0;
  for (let at = 0; at < lines.length && line < sampledLines; line++) {
    tokens += lines[at]!;
    rows += lines[at + 2]!;
    at += lineHeader + lines[at + 1]! + lines[at + 2]!;
  }
  return { tokens: Math.max(1, tokens / line), rows: rows / line, outputs };
}

/**
 * The rows that lines name most often, by a sample of the lines: those named `fewestUses` times or more, `most` at most.
 *
 * @returns their numbers, first those of the `hot` commonest, `mostHot` at most; 1 + each row's place among them, or 0
 */
export function frequentRows(
  { lines, tables: { input, memory } }: Job,
  { most, mostHot, fewestUses }: { readonly most: number; readonly mostHot: number; readonly fewestUses: number },
): { ids: Int32Array; hot: number; places: Uint8Array } {
  const { exports } = on(memory);
  const places = memory.bytes(2 * input.rows);
  const stride = Math.max(1, Math.floor(lines.length / sampledRows));
  const rowsOfCount = memory.int32(0x10000);
  exports.countRows(lines.byteOffset, lines.length, stride, places.byteOffset, rowsOfCount.byteOffset);
  const fewest = Math.max(1, Math.ceil(fewestUses / stride));
  const frequent = mostCounted(rowsOfCount, most, fewest);
  const hottest = mostCounted(rowsOfCount, mostHot, fewest);
  const ids = memory.int32(frequent.rows);
  exports.listFrequent(places.byteOffset, input.rows, frequent.least, hottest.least, hottest.rows, ids.byteOffset);
  return { ids, hot: hottest.rows, places };
}

/** The least count, not below `fewest`, that at most `most` rows reach, and how many do. */
function mostCounted(rowsOfCount: Int32Array, most: number, fewest: number): { least: number; rows: number } {
  let rows = 0;
  let least = rowsOfCount.length;
  while (least > fewest && rows + rowsOfCount[least - 1]! <= most) rows += rowsOfCount[--least]!;
  return { least, rows };
}
