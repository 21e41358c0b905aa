// What readers bring: an image and an ONNX model of their own. Both stay in the page; the address only says that there
// is one.

/** A decoded picture: RGBA, row by row, [height, width, 4]. */
export interface OwnImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** An ONNX file. */
export interface OwnModel {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How pixels become what the model takes; all of it can stand in an address. */
export interface ModelFormat {
  readonly layout: "found" | "nchw" | "nhwc";
  readonly channels: "rgb" | "bgr";
  /** Lowest and highest value of a pixel, as the model was trained. */
  readonly range: "unit" | "byte" | "signed";
  /** Numbers with commas, one a channel, in units of the range; "" for none. */
  readonly mean: string;
  readonly std: string;
  /** What the output holds. */
  readonly scores: "found" | "probabilities";
  /** Side of the images where the model leaves it open. */
  readonly side: number;
}

/** What the worker tells of a model before it runs. */
export interface ModelFacts {
  /** Without the batch axis, as its images are given: [C, H, W] or [n]. Open dimensions are 0. */
  readonly shape: readonly number[];
  readonly classes: number | null;
  readonly nhwc: boolean;
  /** The first operator without a gradient here; null when every attack can run. */
  readonly noGradient: { readonly op: string; readonly node: string } | null;
}

/** Ends of the range. */
export const rangeOf = { unit: [0, 1], byte: [0, 255], signed: [-1, 1] } as const;

/** Largest file that is taken, in bytes. */
export const largestModel = 200e6;

/** Most numbers in one of a model's images: 3 × 2300 × 2300. */
export const largestImage = 16e6;

/** "0.485, 0.456, 0.406" → numbers; none for "". @throws Error that says what is wrong */
export function numbersOf(text: string): readonly number[] | undefined {
  if (text.trim() === "") return undefined;
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  const bad = parts.find((part) => !Number.isFinite(Number(part)));
  if (bad !== undefined)
    throw new Error(`“${bad}” is not a number: write one for each channel, such as 0.485, 0.456, 0.406.`);
  return parts.map(Number);
}

/** Names of labels, one a line; none for "". */
export function namesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
