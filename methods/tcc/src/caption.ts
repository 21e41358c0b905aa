// Text burnt into frames: capitals, digits and a few signs of 3 by 5 dots, so that it looks alike on every machine.
import type { VideoFrames } from "@reprise/data";

/** Five rows from above, each an octal digit: 4 the left dot, 2 the middle, 1 the right. */
const glyphs: Readonly<Record<string, string>> = {
  ...{ "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711" },
  ...{ "5": "74717", "6": "74757", "7": "71122", "8": "75757", "9": "75717" },
  ...{ A: "25755", B: "65656", C: "34443", D: "65556", E: "74647", F: "74644", G: "34553", H: "55755", I: "72227" },
  ...{ J: "11152", K: "55655", L: "44447", M: "57755", N: "65555", O: "25552", P: "65644", Q: "25573", R: "65655" },
  ...{ S: "34216", T: "72222", U: "55557", V: "55552", W: "55775", X: "55255", Y: "55222", Z: "71247" },
  ...{ ".": "00002", ":": "02020", "-": "00700", "/": "11244", _: "00007", " ": "00000" },
};

/** Minutes, seconds and hundredths: 0:04.20. */
export function clockText(seconds: number): string {
  const hundredths = Math.round(100 * seconds);
  const rest = String(hundredths % 6000).padStart(4, "0");
  return `${Math.floor(hundredths / 6000)}:${rest.slice(0, 2)}.${rest.slice(2)}`;
}

/** Dots of a text for cells of a height, in pixels of a side. */
const dotOf = (height: number) => Math.max(1, Math.round(height / 90));

/**
 * Writes a line into the lower left corner of a cell of frame `t`, white on black; what does not fit is left out.
 *
 * @param cell  in pixels of the frame
 */
export function writeCaption(
  { shape, data }: VideoFrames,
  t: number,
  cell: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
  text: string,
): void {
  const [, H, W] = shape as [number, number, number, number];
  const dot = dotOf(cell.height);
  const fits = Math.floor(cell.width / dot / 4 - 0.25);
  const line = text.toUpperCase().slice(0, Math.max(0, fits));
  const [wide, high] = [dot * (4 * line.length + 1), 7 * dot];
  if (line === "" || high > cell.height) return;
  const top = cell.top + cell.height - high;
  for (let y = 0; y < high; y++)
    for (let x = 0; x < wide; x++) {
      const [column, row] = [Math.floor(x / dot) - 1, Math.floor(y / dot) - 1];
      const rows = glyphs[line[Math.floor(column / 4)] ?? " "] ?? "61202"; // a question mark for what is not there
      const isLit =
        column >= 0 && column % 4 < 3 && row >= 0 && row < 5 && (Number(rows[row]) >> (2 - (column % 4))) & 1;
      data.fill(
        isLit ? 255 : 0,
        3 * ((t * H + top + y) * W + cell.left + x),
        3 * ((t * H + top + y) * W + cell.left + x + 1),
      );
    }
}
