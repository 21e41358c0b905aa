// Handwriting as a video: ink that comes onto a canvas as the pen moved.

export interface PenPoint {
  readonly x: number;
  /** Downwards. */
  readonly y: number;
  /** In seconds from the beginning of the drawing. */
  readonly time: number;
}

/** The way of the pen from where it comes down to where it is lifted. */
export type Stroke = readonly PenPoint[];

export interface InkVideo {
  readonly shape: readonly [frames: number, height: number, width: number];
  /** Bytes of gray: 0 the canvas, 255 ink. */
  readonly frames: Uint8Array;
  /** The stroke that is drawn in each frame, from 0: a natural phase. */
  readonly labels: Uint8Array;
}

export interface InkOptions {
  /** Pixels of a side; 48 if left out. */
  readonly size?: number;
  /** 15 if left out. */
  readonly framesPerSecond?: number;
  /** Width of the pen as a share of the canvas; 0.05 if left out. */
  readonly pen?: number;
}

/** Margin around the drawing, as a share of the canvas. */
const MARGIN = 0.1;

/**
 * A drawing as it was made, scaled to fill the canvas.
 *
 * @throws RangeError without a stroke, or for a size below 8 pixels
 */
export function inkVideo(
  strokes: readonly Stroke[],
  { size = 48, framesPerSecond = 15, pen = 0.05 }: InkOptions = {},
): InkVideo {
  const points = strokes.flat();
  if (points.length === 0) throw new RangeError("inkVideo: the drawing has no strokes.");
  if (!(Number.isInteger(size) && size >= 8))
    throw new RangeError(`inkVideo: size is ${size}; expected whole pixels, 8 or more`);
  const end = Math.max(...points.map(({ time }) => time));
  const T = Math.max(2, Math.ceil(end * framesPerSecond) + 1);
  const place = placing(points, size);
  const canvas = new Float32Array(size * size);
  const frames = new Uint8Array(T * size * size);
  const labels = new Uint8Array(T);
  let [stroke, at] = [0, 0];
  for (let t = 0; t < T; t++) {
    for (; stroke < strokes.length; stroke++, at = 0) {
      const own = strokes[stroke]!;
      for (; at < own.length && own[at]!.time * framesPerSecond <= t + 1e-9; at++)
        drawLine(canvas, size, place(own[Math.max(0, at - 1)]!), place(own[at]!), (pen * size) / 2);
      if (at < own.length) break;
    }
    labels[t] = Math.min(stroke, strokes.length - 1);
    for (let i = 0; i < canvas.length; i++) frames[t * size * size + i] = Math.round(255 * canvas[i]!);
  }
  return { shape: [T, size, size], frames, labels };
}

/** Points in pixels: the longer side of the drawing between the margins, its middle in the canvas's. */
function placing(points: readonly PenPoint[], size: number): (point: PenPoint) => [number, number] {
  const range = (of: (point: PenPoint) => number): [number, number] => {
    const values = points.map(of);
    return [Math.min(...values), Math.max(...values)];
  };
  const [left, right] = range(({ x }) => x);
  const [top, bottom] = range(({ y }) => y);
  const scale = ((1 - 2 * MARGIN) * size) / (Math.max(right - left, bottom - top) || 1);
  return ({ x, y }) => [size / 2 + scale * (x - (left + right) / 2), size / 2 + scale * (y - (top + bottom) / 2)];
}

/** A line with round ends; the edge fades over one pixel. */
function drawLine(
  canvas: Float32Array,
  size: number,
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  radius: number,
): void {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy;
  const reach = radius + 1;
  const bounds = (a: number, b: number) =>
    [Math.max(0, Math.floor(Math.min(a, b) - reach)), Math.min(size - 1, Math.ceil(Math.max(a, b) + reach))] as const;
  const [left, right] = bounds(x1, x2);
  const [top, bottom] = bounds(y1, y2);
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - x1, y + 0.5 - y1];
      const along = squared === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / squared));
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const ink = Math.max(0, Math.min(1, radius + 0.5 - distance));
      const i = y * size + x;
      canvas[i] = Math.max(canvas[i]!, ink);
    }
}
