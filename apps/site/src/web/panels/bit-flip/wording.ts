// Results in words.
import type { FlipShown, FlipsResult, HandResult } from "../../../run/bit-flip/flips.ts";

/** "97.5 %", with a space that does not break; whole numbers without a digit after the point. */
export const percent = (share: number): string => `${Number((100 * share).toFixed(1))}\u00a0%`;

const flipsText = (count: number) => (count === 1 ? "1 flipped bit" : `${count} flipped bits`);

export function searchSentence({ network, bits, before, flips, random }: FlipsResult): string {
  const last = flips.at(-1);
  if (!last) return `${network}: no flip of a single bit raises the loss.`;
  const chance = random.at(-1)!;
  return (
    `${flipsText(flips.length)} of ${bits.toLocaleString("en")} bring ${network} from ${percent(before.accuracy)} ` +
    `to ${percent(last.accuracy)}; ${chance.flips} flips at random leave ${percent(chance.accuracy)}.`
  );
}

export function targetSentence({ network, bits, flips }: FlipsResult, digit: string): string {
  const last = flips.at(-1);
  if (!last) return `${network}: no flip of a single bit brings its answers closer to ${digit}.`;
  return `${flipsText(flips.length)} of ${bits.toLocaleString("en")}: ${network} reads ${percent(last.success ?? 0)} of the other digits as a ${digit}.`;
}

export function handSentence({ before, after, flips }: HandResult): string {
  return `${flipsText(flips.length)}: ${percent(before.accuracy)} becomes ${percent(after.accuracy)}, the loss ${before.loss.toFixed(3)} becomes ${after.loss.toFixed(3)}.`;
}

/** "sign (7)", "64 (6)", … */
export const bitName = (bit: number, bits = 8): string => (bit === bits - 1 ? `sign (${bit})` : `${2 ** bit} (${bit})`);

/** "[3, 0, 1, 2]" */
export const placeText = ({ place }: FlipShown): string => `[${place.join(", ")}]`;
