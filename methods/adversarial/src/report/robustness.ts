// Robust accuracy by ε, and how far the images had to be moved.

import { mean, median, type Rate, rateOf } from "@reprise/data";
import { type Norm, normOf } from "../attacks/norm.ts";
import type { AttackResult } from "../attacks/run-attack.ts";

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

/**
 * The curve of an attack's results, as runAttack gives them for several ε; ε = 0 is the model alone. Of an attack that
 * looks for the smallest perturbation, run without ε, the curve of its distances. Images whose scores or gradients are
 * not finite were not attacked, and are left out.
 */
export function securityCurve(results: readonly AttackResult[], images: Float32Array): SecurityCurve {
  const [first] = results;
  if (!first) throw new RangeError("securityCurve: no results were given; at least one is needed.");
  const { attack, norm } = first;
  const n = images.length / first.rows.length;
  const minimal = results.find(({ epsilon }) => epsilon === null);
  const finite = (rows: AttackResult["rows"]) => rows.filter(({ status }) => status !== "nonFinite");
  const distances = finite(minimal?.rows ?? []).map(({ row, status }) => {
    if (status !== "success") return status === "alreadyAdversarial" ? 0 : Infinity;
    const [from, to] = [row * n, (row + 1) * n];
    return normOf(norm, images.subarray(from, to), minimal!.clipped.subarray(from, to));
  });
  const curve = distanceCurve(attack, norm, distances);
  const given = results.filter((r): r is AttackResult & { epsilon: number } => r.epsilon !== null && r.epsilon > 0);
  if (minimal && given.length === 0) return curve;
  const clean = first.rows.filter(({ status }) => status === "alreadyAdversarial").length;
  const points = given
    .map(({ epsilon, rows, success }) => ({
      epsilon,
      robust: rateOf(finite(rows).filter(({ row }) => !success[row]).length, finite(rows).length),
    }))
    .sort((a, b) => a.epsilon - b.epsilon);
  const rows = finite(first.rows).length;
  return { ...curve, points: [{ epsilon: 0, robust: rateOf(rows - clean, rows) }, ...points] };
}

/**
 * The curve of smallest perturbations: the images that are left at 24 ε from 0 to the largest distance.
 *
 * @param distances  ‖r‖ of each image; 0 where nothing was to be done, Infinity where nothing was found
 */
export function distanceCurve(attack: string, norm: Norm, distances: readonly number[]): SecurityCurve {
  const moved = distances.filter((distance) => distance > 0 && distance < Infinity);
  const most = Math.max(0, ...moved);
  const steps = most > 0 ? 24 : 0;
  const points = Array.from({ length: steps + 1 }, (_, i) => {
    // The last is the largest distance itself, not what rounding makes of it.
    const epsilon = i === steps ? most : (most * i) / steps;
    return { epsilon, robust: rateOf(distances.filter((distance) => distance > epsilon).length, distances.length) };
  });
  return {
    attack,
    norm,
    points,
    meanDistance: moved.length > 0 ? mean(moved) : null,
    medianDistance: moved.length > 0 ? median(moved) : null,
  };
}
