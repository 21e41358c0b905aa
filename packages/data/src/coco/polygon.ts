// Polygons as masks, with the rounding of COCO's mask library, which decides every pixel at an edge.
import { mergeRle, type Rle } from "./rle.ts";

/**
 * The mask inside one polygon: its outline is drawn on a grid five times as fine, and every crossing from one column of
 * pixel centres to the next starts or ends a run.
 *
 * @param points  x₀, y₀, x₁, y₁, … in pixels, at least three points; may leave the image
 */
export function polygonToRle(points: readonly number[], height: number, width: number): Rle {
  const scale = 5;
  const k = points.length >> 1;
  if (k === 0) return { height, width, counts: Uint32Array.of(height * width) };
  const fine = (value: number) => Math.trunc(scale * value + 0.5);
  const crossings: number[] = [];
  let lastU = Number.NaN;
  let lastV = 0;
  const visit = (u: number, v: number) => {
    if (u !== lastU && !Number.isNaN(lastU)) crossing(u, v);
    lastU = u;
    lastV = v;
  };
  const crossing = (u: number, v: number) => {
    const x = ((u < lastU ? u : u - 1) + 0.5) / scale - 0.5;
    if (x !== Math.floor(x) || x < 0 || x > width - 1) return;
    const y = (Math.min(v, lastV) + 0.5) / scale - 0.5;
    crossings.push(x * height + Math.ceil(Math.min(Math.max(y, 0), height)));
  };
  for (let j = 0; j < k; j++) {
    const next = j + 1 === k ? 0 : j + 1;
    let [xs, ys] = [fine(points[2 * j]!), fine(points[2 * j + 1]!)];
    let [xe, ye] = [fine(points[2 * next]!), fine(points[2 * next + 1]!)];
    const dx = Math.abs(xe - xs);
    const dy = Math.abs(ye - ys);
    const steep = dx < dy;
    const flip = steep ? ys > ye : xs > xe;
    if (flip) [xs, xe, ys, ye] = [xe, xs, ye, ys];
    const slope = steep ? (xe - xs) / dy : dx === 0 ? 0 : (ye - ys) / dx;
    const steps = steep ? dy : dx;
    for (let d = 0; d <= steps; d++) {
      const t = flip ? steps - d : d;
      if (steep) visit(Math.trunc(xs + slope * t + 0.5), t + ys);
      else visit(t + xs, Math.trunc(ys + slope * t + 0.5));
    }
  }
  return { height, width, counts: runsBetween(crossings, height * width) };
}

/** Runs whose borders are these positions; two borders at one place cancel out. */
function runsBetween(crossings: readonly number[], end: number): Uint32Array {
  const borders = Float64Array.from(crossings).sort();
  const counts: number[] = [];
  let last = 0;
  for (let i = 0; i < borders.length; i++) {
    if (borders[i] === borders[i + 1]) {
      i++;
      continue;
    }
    counts.push(borders[i]! - last);
    last = borders[i]!;
  }
  if (end > last || counts.length === 0) counts.push(end - last);
  return Uint32Array.from(counts);
}

/** The union of an object's polygons. */
export function polygonsToRle(polygons: readonly (readonly number[])[], height: number, width: number): Rle {
  return mergeRle(polygons.map((points) => polygonToRle(points, height, width)));
}

/** A box [x, y, width, height] as the polygon of its corners. */
export const boxPolygon = ([x, y, w, h]: readonly number[]): number[] => [
  x!,
  y!,
  x!,
  y! + h!,
  x! + w!,
  y! + h!,
  x! + w!,
  y!,
];
