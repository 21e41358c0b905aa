// The search itself: the paper's over c, or one of the other attacks, on one image.
import {
  attackByName,
  type Classifier,
  distanceBetween,
  marginOf,
  perturb,
  predictedLabel,
  randomTarget,
  runAttack,
  type ScoreDifferentiable,
  softmax,
  targeted,
  untargeted,
} from "@reprise/adversarial";
import { type AttackInputs, attackApplies, targetOf } from "./inputs.ts";
import type { Outcome, SearchPoint } from "./outcome.ts";

/** Of "the closest other label": the paper's attack searches for each of at most this many, the likeliest. */
export const candidates = 9;

export interface SearchContext {
  readonly signal: AbortSignal;
  readonly onStep: (points: readonly SearchPoint[], best: Float32Array | null, bestTarget: number | null) => void;
}

interface Found {
  readonly outcome: Outcome;
  readonly points: readonly SearchPoint[];
}

/**
 * Attacks one image.
 *
 * @param original   pixels in [0, 1], as the classifier takes them
 * @param predicted  its label as the classifier sees it
 */
export async function search(
  classifier: Classifier & Partial<ScoreDifferentiable>,
  original: Float32Array,
  predicted: number,
  inputs: AttackInputs,
  context: SearchContext,
): Promise<Found> {
  return inputs.attack === "lbfgs"
    ? searchOverC(classifier as ScoreDifferentiable, original, predicted, inputs, context)
    : { outcome: await otherAttack(classifier, original, predicted, inputs, context), points: [] };
}

async function searchOverC(
  classifier: ScoreDifferentiable,
  original: Float32Array,
  predicted: number,
  inputs: AttackInputs,
  { signal, onStep }: SearchContext,
): Promise<Found> {
  const { norm, seed } = inputs;
  const points: SearchPoint[] = [];
  let best: Float32Array | null = null;
  let bestTarget: number | null = null;
  let nearest = Infinity;
  const [attack] = await perturb(classifier, original, [predicted], {
    target: targetOption(targetOf(inputs)),
    candidates,
    norm,
    seed,
    signal,
    onProgress(event) {
      if (event.kind !== "step") return;
      const { step } = event;
      points.push({ ...step, target: event.target });
      if (step.reached && step.distortion < nearest) {
        nearest = step.distortion;
        best = Float32Array.from(event.best);
        bestTarget = event.target;
      }
      onStep(points, best, bestTarget);
    },
  });
  const { c, iterations, gradients, ...rest } = attack!;
  return { outcome: { ...rest, gradients, penalty: { c, iterations }, lead: null }, points };
}

function targetOption(target: string): "all" | "leastLikely" | "random" | number {
  if (target === "closest") return "all";
  if (target === "least") return "leastLikely";
  return target === "random" ? "random" : Number(target);
}

async function otherAttack(
  classifier: Classifier & Partial<ScoreDifferentiable>,
  original: Float32Array,
  predicted: number,
  inputs: AttackInputs,
  { signal }: SearchContext,
): Promise<Outcome> {
  const { attack: name, ball, steps, confidence, topK, seed } = inputs;
  const before = (await classifier.logits(original, 1)).slice();
  const target = targetLabel(targetOf(inputs), before, predicted, seed);
  const attack = attackByName(name, {
    ...(attackApplies("ball", inputs) ? { norm: ball } : {}),
    ...(steps > 0 ? { steps } : {}),
  });
  const asked = { confidence, topK };
  const criterion = target === null ? untargeted([predicted], asked) : targeted([target], asked);
  const [found] = await runAttack(attack, classifier, original, criterion, {
    ...(attack.kind === "budget" ? { epsilons: [radiusOf(inputs, attack.norm)] } : {}),
    seed,
    signal,
  });
  const image = found!.clipped;
  const { status, gradients, forwardPasses, predictedAfter } = found!.rows[0]!;
  const after = await classifier.logits(image, 1);
  const { margin } = marginOf(criterion.goalOf(0), after);
  return {
    status,
    image,
    target,
    predictedBefore: predicted,
    predictedAfter,
    probabilitiesBefore: softmax(before),
    probabilitiesAfter: softmax(after),
    gradients,
    forwardPasses,
    penalty: null,
    lead: Number.isFinite(margin) ? margin : null,
    ...distanceBetween(original, image),
  };
}

function targetLabel(target: string, logits: Float32Array, predicted: number, seed: number): number | null {
  if (target === "closest") return null;
  if (target === "random") return randomTarget(seed, 0, predicted, logits.length);
  return target === "least" ? predictedLabel(logits.map((z) => -z)) : Number(target);
}

/** ε in the attack's norm. */
function radiusOf({ epsilon, radius, share }: AttackInputs, norm: "l2" | "linf" | "l0"): number {
  return { linf: epsilon, l2: radius, l0: share }[norm];
}
