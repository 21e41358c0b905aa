// Robust accuracy by ε, and how far the images had to be moved.

import { type Norm, normOf } from "../attacks/norm.ts";
import type { AttackResult } from "../attacks/run-attack.ts";
import { type Rate, rateOf } from "../transfer.ts";

export interface CurvePoint {
  readonly epsilon: number;
  /** Share of images that do not meet the criterion within ε: what is left of the accuracy. */
  readonly robust: Rate;
}

/** The security curve of one attack. */
export interface SecurityCurve {
  readonly attack: string;
  readonly norm: Norm;
  readonly points: readonly CurvePoint[];
  /** ‖r‖ over the images that were moved to success, of an attack that minimises it; null if there are none. */
  readonly meanDistance: number | null;
  readonly medianDistance: number | null;
}

/** The curve of an attack's results, as runAttack gives them for several ε; ε = 0 is the model alone. */
export function securityCurve(results: readonly AttackResult[], images: Float32Array): SecurityCurve {
  const [first] = results;
  if (!first) throw new RangeError("securityCurve: no results were given; at least one is needed.");
  const rows = first.rows.length;
  const clean = first.rows.filter(({ status }) => status === "alreadyAdversarial").length;
  const points = results
    .filter((result): result is AttackResult & { epsilon: number } => result.epsilon !== null && result.epsilon > 0)
    .map(({ epsilon, success }) => ({ epsilon, robust: rateOf(success.filter((won) => !won).length, rows) }))
    .sort((a, b) => a.epsilon - b.epsilon);
  const minimal = results.find(({ epsilon }) => epsilon === null);
  const n = images.length / rows;
  const distances = (minimal?.rows ?? [])
    .filter(({ status }) => status === "success")
    .map(({ row }) => {
      const [from, to] = [row * n, (row + 1) * n];
      return normOf(first.norm, images.subarray(from, to), minimal!.clipped.subarray(from, to));
    })
    .sort((a, b) => a - b);
  return {
    attack: first.attack,
    norm: first.norm,
    points: [{ epsilon: 0, robust: rateOf(rows - clean, rows) }, ...points],
    meanDistance: distances.length > 0 ? distances.reduce((a, b) => a + b, 0) / distances.length : null,
    medianDistance: medianOf(distances),
  };
}

function medianOf(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
