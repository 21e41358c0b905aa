// Whether a reproduced value agrees with the claim: decided by its 95 % interval and by how exactly the claim is printed.

/** What a reader is told beside a reproduced value. */
export interface Agreement {
  readonly kind: "agrees" | "near" | "differs";
  /** "the claim lies within this interval". */
  readonly words: string;
}

interface Values {
  /** As the paper prints it: "22%", "below 1.2%", "0.0634". */
  readonly claimed: string;
  /** Ours, in the same unit. */
  readonly value: string;
  /** "57.1 to 60.6 (3,000 lines)"; without one, the value alone is compared. */
  readonly interval?: string | null | undefined;
  /** How far from the claim counts as reproduced, in the same unit, where the method says so. */
  readonly tolerance?: number | null | undefined;
}

/** Null where one of them is not a number. */
export function agreementOf({ claimed, value, interval, tolerance }: Values): Agreement | null {
  const claim = /^(below|above|under|over|<|>|≤|≥)?\s*(-?[\d.,]+)/.exec(claimed.trim());
  const ours = numberOf(value);
  if (!claim || ours === null) return null;
  const printed = claim[2]!.replaceAll(",", "");
  const target = Number(printed);
  if (!Number.isFinite(target)) return null;
  const ends = /(-?[\d.,]+)\s*(?:to|–)\s*(-?[\d.,]+)/.exec(interval ?? "");
  const [low, high] = ends ? [numberOf(ends[1]!) ?? ours, numberOf(ends[2]!) ?? ours] : [ours, ours];
  const difference = ours - target;
  const far = amount(Math.abs(difference), value, claimed);
  const [word] = [claim[1]];
  if (word !== undefined) {
    const below = /below|under|<|≤/.test(word);
    if (below ? low < target : high > target) return { kind: "agrees", words: "as claimed" };
    return { kind: "differs", words: `not as claimed: ${far} ${below ? "above" : "below"} it` };
  }
  // 7.4 stands for 7.35 to 7.45.
  const rounding = 0.5 * 10 ** -(printed.split(".")[1]?.length ?? 0);
  if (low - rounding <= target && target <= high + rounding)
    return { kind: "agrees", words: ends ? "the claim lies within it" : "as claimed" };
  const apart = `${far} ${difference > 0 ? "above" : "below"} the claim`;
  if (tolerance !== undefined && tolerance !== null && Math.abs(difference) <= tolerance)
    return { kind: "near", words: `${apart}, within the tolerance of ${amount(tolerance, value, claimed)}` };
  return { kind: "differs", words: apart };
}

function numberOf(text: string): number | null {
  const found = /-?\d[\d,]*(?:\.\d+)?/.exec(text);
  return found ? Number(found[0].replaceAll(",", "")) : null;
}

/** A difference, as exact as the value is printed; differences of per cent are points. */
function amount(size: number, value: string, claimed: string): string {
  const decimals = /\.(\d+)/.exec(value)?.[1]?.length ?? 0;
  const unit = /%/.test(value + claimed) ? " points" : "";
  return `${size.toFixed(decimals)}${unit}`;
}
