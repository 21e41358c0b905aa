// The indicator of an interval: by comparisons, or by the steepest of hard sigmoids.
import type { Value } from "../ir/graph.ts";

import { and, cast, full, greater, greaterOrEqual, hardSigmoid, less, lessOrEqual, mul } from "../ops/build.ts";
import type { AttrsOf } from "../ops/table.ts";
import type { LoweringRule } from "./lower.ts";

/** Comparisons, which run everywhere and in every dtype. */
export const withinByComparing: LoweringRule<AttrsOf<"Within">> = ([x], { above, below, min, max }) => {
  const tests: Value[] = [];
  if (above !== undefined) tests.push(greater(x!, above));
  if (below !== undefined) tests.push(less(x!, below));
  if (min !== undefined) tests.push(greaterOrEqual(x!, min));
  if (max !== undefined) tests.push(lessOrEqual(x!, max));
  return tests.length > 0 ? cast(tests.reduce(and), x!.dtype) : full(x!, 1);
};

/**
 * For float32: a hard sigmoid so steep that it goes from 0 to 1 between a limit and the next float, so it is exact. One
 * pass over memory instead of two, and ONNX Runtime keeps its blocked layout through it, which comparisons end.
 * With s = 1/(distance to the next float) every product and sum below is a whole number of at most 24 bits. Within
 * 2⁻¹²⁰ of a limit at 0 the result may lie between 0 and 1.
 */
export const withinBySteps: LoweringRule<AttrsOf<"Within">> = ([x], { above, below, min, max }) => {
  const steps: Value[] = [];
  const step = (limit: number, towards: 1 | -1, sign: 1 | -1, atLimit: 0 | 1) => {
    const l = Math.fround(limit);
    const s = 1 / Math.max(gap(l, towards), 2 ** -120);
    steps.push(hardSigmoid(x!, { alpha: sign * s, beta: atLimit - sign * l * s }));
  };
  // Open limits: 0 at the limit, 1 at the next float inside. Closed: 1 at the limit, 0 at the next float outside.
  if (above !== undefined) step(above, 1, 1, 0);
  if (below !== undefined) step(below, -1, -1, 0);
  if (min !== undefined && min > -3.4e38) step(min, -1, 1, 1);
  if (max !== undefined && max < 3.4e38) step(max, 1, -1, 1);
  return steps.length > 0 ? steps.reduce((a, b) => mul(a, b)) : full(x!, 1);
};

/** Distance of a float32 from the next one upwards (1) or downwards (−1). */
function gap(x: number, towards: 1 | -1): number {
  if (x === 0) return 0;
  const float = new Float32Array([x]);
  new Int32Array(float.buffer)[0]! += Math.sign(x) === towards ? 1 : -1;
  return Math.abs(float[0]! - x);
}
