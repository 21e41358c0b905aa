// Generated pictures: discs, squares and triangles of three sizes with hard edges, one over another, on noise.
import type { Random } from "@reprise/data";
import type { PictureTargets } from "./targets.ts";
import type { Picture } from "./transform.ts";

/** Classes 1, 2, 3. */
export const shapeNames = ["disc", "square", "triangle"] as const;

export interface ShapesOptions {
  readonly height?: number;
  readonly width?: number;
  /** At most so many shapes; at least one. */
  readonly most?: number;
}

export interface ShapesPicture {
  readonly picture: Picture;
  readonly targets: PictureTargets;
}

/** A picture and its objects; of what lies below another only what is seen, left out below a quarter of its area. */
export function shapesPicture(
  random: Random,
  { height = 128, width = 128, most = 4 }: ShapesOptions = {},
): ShapesPicture {
  const area = height * width;
  const data = new Uint8Array(3 * area);
  const tone = [0, 1, 2].map(() => 40 + random.integer(60));
  for (let i = 0; i < data.length; i++) data[i] = tone[Math.floor(i / area)]! + random.integer(30);
  const owner = new Int32Array(area).fill(-1);
  const shapes = Array.from({ length: 1 + random.integer(most) }, (_, id) => {
    const kind = random.integer(shapeNames.length);
    const radius = [0.09, 0.16, 0.27][random.integer(3)]! * Math.min(height, width) * random.uniform(0.8, 1.2);
    const [x, y] = [random.uniform(0.15, 0.85) * width, random.uniform(0.15, 0.85) * height];
    const colour = [0, 1, 2].map(() => 130 + random.integer(120));
    let full = 0;
    for (let at = 0; at < area; at++) {
      if (!inside(kind, ((at % width) + 0.5 - x) / radius, (Math.floor(at / width) + 0.5 - y) / radius)) continue;
      full++;
      owner[at] = id;
      for (let c = 0; c < 3; c++) data[c * area + at] = colour[c]!;
    }
    return { label: kind + 1, full };
  });
  const seen = shapes
    .map(({ label, full }, id) => ({ label, full, mask: Uint8Array.from(owner, (own) => (own === id ? 1 : 0)) }))
    .filter(({ full, mask }) => mask.reduce((a, b) => a + b, 0) > full / 4);
  return {
    picture: { data, height, width },
    targets: {
      boxes: Float32Array.from(seen.flatMap(({ mask }) => boxAround(mask, width))),
      labels: seen.map(({ label }) => label),
      masks: seen.map(({ mask }) => mask),
    },
  };
}

function inside(kind: number, x: number, y: number): boolean {
  if (kind === 0) return x * x + y * y < 1;
  if (kind === 1) return Math.abs(x) < 0.85 && Math.abs(y) < 0.85;
  return y < 0.8 && Math.abs(x) * 1.7 < y + 1;
}

function boxAround(mask: Uint8Array, width: number): number[] {
  let [x0, y0, x1, y1] = [width, mask.length, 0, 0];
  mask.forEach((on, at) => {
    if (!on) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x + 1);
    y1 = Math.max(y1, y + 1);
  });
  return [x0, y0, x1, y1];
}
