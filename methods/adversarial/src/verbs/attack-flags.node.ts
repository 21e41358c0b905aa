// The options of `reprise adversarial attack`, for every attack it runs.

import type { ModelFlags } from "@reprise/nn/verbs";
import type { Target } from "../index.ts";

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
