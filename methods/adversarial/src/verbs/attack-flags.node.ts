// The options of `reprise adversarial attack`, for every attack it runs.

import { UsageError } from "@reprise/experiment";
import type { ModelFlags } from "@reprise/nn/verbs";
import type { Classifier, Target } from "../index.ts";

export interface AttackFlags extends ModelFlags {
  readonly attack?: string;
  readonly epsilons?: readonly number[];
  readonly ball?: "l2" | "linf";
  readonly steps?: number;
  readonly confidence?: number;
  readonly topK?: number;
  readonly quantise?: number;
  readonly starts?: string;
  readonly images?: string;
  readonly labels?: string;
  readonly count?: number;
  readonly target: Exclude<Target, Int32Array>;
  readonly seed: number;
  readonly norm?: "squared" | "l2";
  readonly loss?: "cross-entropy" | "margin";
  readonly sharpness?: number;
  readonly bisections?: number;
  readonly against?: readonly string[];
  readonly out?: string;
}

/** @throws UsageError where --target is a label that the model does not have */
export function checkTarget({ classes }: Classifier, target: AttackFlags["target"]): void {
  if (typeof target === "number" && target >= classes)
    throw new UsageError(`--target is ${target}; the model has ${classes} classes, so 0 … ${classes - 1} is expected.`);
}
