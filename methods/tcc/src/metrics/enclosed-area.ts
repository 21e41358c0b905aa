// Enclosed-area error over pairs of videos: how far time maps lie from those that pass every change of phase.
import { enclosedArea } from "../align.ts";

type Path = readonly (readonly [number, number])[];

/** The polygon through the changes of phase of two videos; null unless they pass the same phases in the same order. */
export function phasePath(a: ArrayLike<number>, b: ArrayLike<number>): Path | null {
  const [own, other] = [changesOf(a), changesOf(b)];
  if (own.length !== other.length || own.some(({ phase }, k) => phase !== other[k]!.phase)) return null;
  const ends = [a.length - 1, b.length - 1] as const;
  return [...own.map(({ at }, k) => [at, other[k]!.at] as const), ends];
}

/** Where each run of one phase begins. */
function changesOf(labels: ArrayLike<number>): { readonly at: number; readonly phase: number }[] {
  const starts = Array.from(labels, (phase, at) => ({ at, phase }));
  return starts.filter(({ at, phase }) => at === 0 || labels[at - 1] !== phase);
}

/** The mean over all pairs of videos that share their phases; null where there are none. */
export function meanAreaError(
  labels: readonly ArrayLike<number>[],
  pathOf: (i: number, j: number) => Path,
): number | null {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < labels.length; i++)
    for (let j = i + 1; j < labels.length; j++) {
      const truth = labels[i]!.length > 1 && labels[j]!.length > 1 ? phasePath(labels[i]!, labels[j]!) : null;
      if (truth === null) continue;
      sum += enclosedArea(pathOf(i, j), truth);
      count++;
    }
  return count === 0 ? null : sum / count;
}
