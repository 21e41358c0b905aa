// Omniglot's strokes (Lake et al. 2015): lines "x,y,milliseconds" between START and BREAK, y upwards from below 0.
import { DataError } from "../error.ts";
import type { Stroke } from "./ink.ts";

/**
 * @param source  what error messages call the file
 * @throws DataError naming the line that is no point
 */
export function parseOmniglotStrokes(text: string, source: string): Stroke[] {
  const strokes: Stroke[] = [];
  let stroke: { x: number; y: number; time: number }[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || line === "START") continue;
    if (line === "BREAK") {
      if (stroke.length > 0) strokes.push(stroke);
      stroke = [];
      continue;
    }
    const [x, y, time] = line.split(",").map(Number) as [number, number, number];
    if (![x, y, time].every(Number.isFinite))
      throw new DataError(source, `line ${i + 1}: "${line}" is not a point "x,y,milliseconds".`);
    stroke.push({ x, y: -y, time: time / 1000 });
  }
  if (stroke.length > 0) strokes.push(stroke);
  if (strokes.length === 0) throw new DataError(source, "holds no strokes.");
  return strokes;
}
