// The digits a reader can choose from: the first 30 test images of the MNIST subset (packages/data/mnist-subset, with
// its provenance), three of each class. The file and this list are made by tools/make-panel-digits.ts.
import { decodeIdx } from "@reprise/data";
import { decodeDrawing, side } from "./drawing-code.ts";

/** Row of the file → row in the subset's test images; three of each class, from 0 to 9. */
export const testIndices: readonly number[] = [
  6, 13, 28, 1, 18, 25, 8, 16, 23, 3, 19, 29, 5, 11, 21, 2, 17, 20, 0, 10, 24, 9, 12, 27, 4, 14, 22, 7, 15, 26,
];

/** Address of the images: IDX, uint8 [30, 28, 28], gzip. */
export const digitsUrl = new URL("./digits-idx3-ubyte.gz", import.meta.url);

/** A digit as the panel names it. */
export interface Digit {
  /** 0…255, [28, 28], white on black. */
  readonly pixels: Uint8Array;
  /** The class MNIST gives it; null for a drawing. */
  readonly label: number | null;
}

/** All bundled digits from the bytes of the file. @throws DataError if they are damaged */
export async function readDigits(bytes: Uint8Array): Promise<ReadonlyMap<string, Digit>> {
  const { data } = await decodeIdx(bytes, "digits-idx3-ubyte.gz", { maxBytes: 1e6 });
  const n = side * side;
  return new Map(
    testIndices.map((index, row) => [
      `t${index}`,
      { pixels: Uint8Array.from(data.subarray(n * row, n * (row + 1)) as Uint8Array), label: Math.floor(row / 3) },
    ]),
  );
}

/** What is wrong with the text that stands for a digit, or null. */
export function digitProblem(text: string): string | null {
  if (text.startsWith("d")) return drawingProblem(decodeDrawing(text.slice(1)));
  return testIndices.includes(Number(text.slice(1))) && /^t\d+$/.test(text)
    ? null
    : `There is no digit “${text}”: choose one of the ${testIndices.length} or draw one.`;
}

function drawingProblem(pixels: Uint8Array | null): string | null {
  if (!pixels) return "The drawing in the address is damaged: draw the digit again.";
  return pixels.some((pixel) => pixel > 0) ? null : "Nothing is drawn yet.";
}

/** The digit that a text stands for. @throws Error with `digitProblem`'s sentence */
export function digitOf(text: string, bundled: ReadonlyMap<string, Digit>): Digit {
  const problem = digitProblem(text);
  if (problem !== null) throw new Error(problem);
  const pixels = text.startsWith("d") ? decodeDrawing(text.slice(1)) : null;
  return pixels ? { pixels, label: null } : bundled.get(text)!;
}
