// A small canvas: filled polygons and ellipses at twice the size, averaged in squares of four pixels at the end.

export type Point = readonly [x: number, y: number];
export type Colour = readonly [red: number, green: number, blue: number];

export class Canvas {
  /** Pixels of a side as drawn. */
  readonly #side: number;
  /** Linear in the bytes' own scale, 0 to 255. */
  readonly #pixels: Float32Array;

  constructor(size: number) {
    this.#side = 2 * size;
    this.#pixels = new Float32Array(this.#side * this.#side * 3);
  }

  /** Each row in one colour between two. */
  gradient(top: Colour, bottom: Colour): void {
    for (let y = 0; y < this.#side; y++) {
      const share = y / (this.#side - 1);
      this.#row(y, 0, this.#side, top.map((c, i) => c + share * (bottom[i]! - c)) as unknown as Colour, 1);
    }
  }

  /** A polygon by the even-odd rule, corners in units of the canvas, y down; pixels whose centres lie inside. */
  polygon(corners: readonly Point[], colour: Colour, opacity = 1): void {
    const side = this.#side;
    const at = corners.map(([x, y]): Point => [x * side, y * side]);
    const first = Math.max(0, Math.ceil(Math.min(...at.map(([, y]) => y)) - 0.5));
    const last = Math.min(side - 1, Math.floor(Math.max(...at.map(([, y]) => y)) - 0.5));
    for (let y = first; y <= last; y++) {
      const centre = y + 0.5;
      const crossings: number[] = [];
      for (const [i, [x1, y1]] of at.entries()) {
        const [x2, y2] = at[(i + 1) % at.length]!;
        if (y1 <= centre !== y2 <= centre) crossings.push(x1 + ((centre - y1) / (y2 - y1)) * (x2 - x1));
      }
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2)
        this.#row(y, Math.ceil(crossings[i]! - 0.5), Math.ceil(crossings[i + 1]! - 0.5), colour, opacity);
    }
  }

  ellipse([x, y]: Point, [width, height]: Point, colour: Colour): void {
    const corner = (i: number): Point => [
      x + (width / 2) * Math.cos((i * Math.PI) / 12),
      y + (height / 2) * Math.sin((i * Math.PI) / 12),
    ];
    this.polygon(
      Array.from({ length: 24 }, (_, i) => corner(i)),
      colour,
    );
  }

  /** Bytes [size, size, 3] in `out`, each by `tone` of its value. */
  write(out: Uint8Array, tone: (value: number) => number): void {
    const side = this.#side;
    let to = 0;
    for (let y = 0; y < side; y += 2)
      for (let x = 0; x < side; x += 2)
        for (let c = 0; c < 3; c++) {
          const from = (y * side + x) * 3 + c;
          const below = from + side * 3;
          const mean =
            (this.#pixels[from]! + this.#pixels[from + 3]! + this.#pixels[below]! + this.#pixels[below + 3]!) / 4;
          out[to++] = Math.max(0, Math.min(255, Math.round(tone(mean))));
        }
  }

  #row(y: number, from: number, to: number, colour: Colour, opacity: number): void {
    const end = Math.min(to, this.#side);
    for (let x = Math.max(0, from); x < end; x++)
      for (let c = 0; c < 3; c++) {
        const at = (y * this.#side + x) * 3 + c;
        this.#pixels[at] = this.#pixels[at]! * (1 - opacity) + opacity * colour[c]!;
      }
  }
}
