// Signs that a model resists gradient attacks by hiding its gradients, not by being robust.

import { type Rate, rateOf } from "@reprise/data";
import { imageSize, type ScoreDifferentiable } from "@reprise/nn";
import { fgsm } from "../attacks/fgsm.ts";
import { untargeted } from "../attacks/goal.ts";
import { uniformNoise } from "../attacks/noise.ts";
import { pgd } from "../attacks/pgd.ts";
import { type KeptRows, type RunAttackOptions, runAttack } from "../attacks/run-attack.ts";
import { square } from "../attacks/square.ts";

export interface MaskingCheck {
  readonly name: string;
  /** "warning" means: do not believe the robust accuracy that gradient attacks report. */
  readonly verdict: "passed" | "warning";
  /** What was measured, in words. */
  readonly finding: string;
}

export interface MaskingOptions extends Omit<RunAttackOptions, "epsilons" | "onProgress" | "kept"> {
  /** L∞ budget of the comparison, in the images' units. */
  readonly epsilon: number;
  /** Images shown by the Square attack, and draws of the noise, for each image. */
  readonly queries?: number;
  readonly onCheck?: (check: MaskingCheck) => void;
  /** Rows of an attack, by its name here, that are known from a run that was stopped, and where those of this one are put. */
  readonly keptFor?: (attack: string) => KeptRows;
}

/**
 * Compares attacks that should be ordered: PGD with gradients does at least as well as one gradient step, as a search
 * without gradients and as noise, and wins everywhere when it may go anywhere in the box. Where the order is turned
 * around, or gradients are zero, the gradients mislead.
 *
 * @see Athalye, Carlini, Wagner 2018, §3.1 (arXiv 1802.00420)
 */
export async function gradientMaskingChecks(
  classifier: ScoreDifferentiable,
  images: Float32Array,
  labels: ArrayLike<number>,
  { epsilon, queries = 200, onCheck, keptFor, ...options }: MaskingOptions,
): Promise<MaskingCheck[]> {
  const { lower = 0, upper = 1, signal, batch = 64 } = options;
  const criterion = untargeted(labels);
  const successOf = async (name: string, attack: Parameters<typeof runAttack>[0], at: number): Promise<Rate> => {
    const kept = keptFor ? { kept: keptFor(name) } : {};
    const [result] = await runAttack(attack, classifier, images, criterion, { ...options, ...kept, epsilons: [at] });
    return rateOf(result!.success.filter(Boolean).length, labels.length);
  };
  const checks: MaskingCheck[] = [];
  const add = (name: string, fine: boolean, finding: string): void => {
    const check = { name, verdict: fine ? "passed" : "warning", finding } as const;
    checks.push(check);
    onCheck?.(check);
  };
  const percent = ({ rate }: Rate) => `${(100 * rate).toFixed(1)} %`;

  const zero = await zeroGradients(classifier, images, labels, batch, signal);
  add("gradients are not zero", zero.count === 0, `${zero.count} of ${zero.of} images have a gradient of zeros`);
  const gradient = await successOf("PGD", pgd(), epsilon);
  for (const [name, what, attack] of [
    ["many steps do no worse than one", "FGSM", fgsm()],
    ["gradients do no worse than noise", `uniform noise, ${queries} draws`, uniformNoise({ draws: queries })],
    ["gradients do no worse than a search without", `Square, ${queries} queries`, square({ queries })],
  ] as const) {
    const other = await successOf(what, attack, epsilon);
    // A single image's difference may be chance; more than the interval's half width is not.
    const fine = other.rate <= gradient.rate + (gradient.high - gradient.low) / 2;
    add(name, fine, `at ε = ${epsilon}: PGD ${percent(gradient)}, ${what} ${percent(other)}`);
  }
  const unbounded = await successOf("PGD in the whole box", pgd({ steps: 60, relativeStep: 0.05 }), upper - lower);
  add("no bound, no resistance", unbounded.rate === 1, `with ε = the whole box PGD reaches ${percent(unbounded)}`);
  return checks;
}

async function zeroGradients(
  classifier: ScoreDifferentiable,
  images: Float32Array,
  labels: ArrayLike<number>,
  batch: number,
  signal: AbortSignal | undefined,
): Promise<{ count: number; of: number }> {
  const n = imageSize(classifier);
  let zeros = 0;
  for (let row = 0; row < labels.length; row += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, labels.length - row);
    const part = Int32Array.from({ length: count }, (_, i) => labels[row + i]!);
    const { gradient } = await classifier.lossAndGradient(images.subarray(row * n, (row + count) * n), part, count);
    for (let i = 0; i < count; i++) if (gradient.subarray(i * n, (i + 1) * n).every((g) => g === 0)) zeros++;
  }
  return { count: zeros, of: labels.length };
}
