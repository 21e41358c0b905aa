// The level of the feature pyramid that a region's features are taken from.
import { boxArea, boxCount } from "./box.ts";

export interface LevelOptions {
  readonly lowest?: number;
  readonly highest?: number;
  /** The size whose regions are taken from `canonicalLevel`: ImageNet's 224 pixels. */
  readonly canonicalSize?: number;
  readonly canonicalLevel?: number;
}

/** The levels of a network whose regions come from these stages; of one stage, always it. */
export const levelsOf = (
  boxes: Float32Array,
  stages: readonly number[],
  { canonicalSize }: Pick<LevelOptions, "canonicalSize">,
): Int32Array =>
  fpnLevels(boxes, {
    ...{ lowest: stages[0]!, highest: stages.at(-1)! },
    ...(canonicalSize === undefined ? {} : { canonicalSize }),
  });

/** ⌊k₀ + log₂(√(wh) / 224)⌋ (Lin et al. 2017, eq. 1) less the lowest level, with torchvision's 10⁻⁶ inside the floor. */
export function fpnLevels(
  boxes: Float32Array,
  { lowest = 2, highest = 5, canonicalSize = 224, canonicalLevel = 4 }: LevelOptions = {},
): Int32Array {
  const f = Math.fround;
  return Int32Array.from({ length: boxCount(boxes) }, (_, i) => {
    const relative = f(f(Math.sqrt(boxArea(boxes, i))) / canonicalSize);
    const level = Math.floor(f(f(canonicalLevel + f(Math.log2(relative))) + f(1e-6)));
    return Math.min(Math.max(level, lowest), highest) - lowest;
  });
}
