// A drawn digit as text for an address: a decimal number is a run of black pixels, a letter a…o is a level 1…15 of 15.

/** Pixels of one side of a digit. */
export const side = 28;

/** @param pixels  0…255, [28, 28]; rounded to 16 levels */
export function encodeDrawing(pixels: Uint8Array): string {
  let text = "";
  let black = 0;
  for (const pixel of pixels) {
    const level = Math.round(pixel / 17);
    if (level === 0) {
      black++;
      continue;
    }
    if (black > 0) text += black;
    black = 0;
    text += String.fromCharCode(96 + level);
  }
  return black > 0 ? text + black : text;
}

/** The pixels, 0…255, [28, 28]; null if the text does not stand for exactly that many. */
export function decodeDrawing(text: string): Uint8Array | null {
  const pixels = new Uint8Array(side * side);
  let at = 0;
  for (const [part] of text.matchAll(/\d+|./g)) {
    if (/^\d/.test(part)) at += Number(part);
    else if (/^[a-o]$/.test(part)) {
      if (at >= pixels.length) return null;
      pixels[at++] = 17 * (part.charCodeAt(0) - 96);
    } else return null;
    if (at > pixels.length) return null;
  }
  return at === pixels.length ? pixels : null;
}
