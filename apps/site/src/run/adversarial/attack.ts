// One run of the panel: attack a digit, then ask every network about the result. Runs on any runtime.
import { predictedLabel } from "@reprise/adversarial";
import type { Progress } from "../protocol.ts";
import { attackOf } from "./attack-choices.ts";
import { courteous } from "./courteous.ts";
import type { Digit } from "./digits.ts";
import { side } from "./drawing-code.ts";
import { type AdversarialInputs, networks, titleOf } from "./inputs.ts";
import { type AttackSoFar, inEightBits, type Outcome } from "./outcome.ts";
import { candidates, search } from "./search.ts";
import { openShipped, type Shelf, shippedModel } from "./shipped.ts";
import { evidence, type Verdict, verdictOf } from "./verdicts.ts";

/** The whole run. */
export interface AttackResult extends AttackSoFar {
  readonly task: "attack";
  readonly digitLabel: number | null;
  readonly attack: Outcome;
  /** The adversarial image in 256 levels. */
  readonly rounded: Uint8Array;
  /** The attacked network first. */
  readonly verdicts: readonly Verdict[];
  /** Milliseconds of starting ONNX Runtime and loading the network, of the attack, of the verdicts. */
  readonly times: { readonly load: number; readonly attack: number; readonly verdicts: number };
}

export interface AttackContext extends Shelf {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress<AttackSoFar>) => void;
  /** Gives other messages a turn, such as a cancellation. */
  readonly breathe: () => Promise<void>;
}

/** @throws Error when a network is missing or is not one; the signal's reason when aborted */
export async function attackDigit(
  { pixels, label: digitLabel }: Digit,
  inputs: AdversarialInputs,
  context: AttackContext,
): Promise<AttackResult> {
  const { signal, progress } = context;
  const { network, target, attack: name } = inputs;
  const started = performance.now();
  const shape = [1, side, side] as const;
  const original = Float32Array.from(pixels, (pixel) => pixel / 255);
  progress({ done: 2, total: 100, text: "starting ONNX Runtime" });

  const paper = name === "l-bfgs";
  // As many images as the attack asks about at once: nine searches over c, or HopSkipJump's hundreds of neighbours.
  const batchSizes = name === "hopskipjump" ? [1, 16, 128] : paper && target === "closest" ? [1, 3, 9] : [1];
  // The paper's attack has our sharper loss; the others follow the gradient that their authors took.
  const opened = await openShipped(context, network, { batchSizes, ...(paper ? {} : { sharpness: 1 }) });
  const classifier = courteous(opened, {
    ...context,
    onImages(images, seen) {
      if (paper || seen < 2) return; // the paper's search tells more by itself
      const best = images.slice(0, original.length);
      const text = `${attackOf(name).label}: ${seen.toLocaleString("en")} images asked about`;
      progress({ done: 0, total: null, text, partial: { original, shape, best, bestTarget: null, points: [] } });
    },
  });
  const predicted = predictedLabel(await classifier.logits(original, 1));
  const loaded = performance.now();

  const { outcome, points } = await search(classifier, original, predicted, inputs, {
    signal,
    onStep(solved, best, bestTarget) {
      const expected = 12 * (target === "closest" ? candidates : 1);
      progress({
        done: Math.min(84, 8 + (76 * solved.length) / expected),
        total: 100,
        text: `${solved.length} problems solved, the last at c = ${solved.at(-1)!.c.toPrecision(3)}`,
        partial: { original, shape, best, bestTarget, points: solved },
      });
    },
  });
  const found = {
    original,
    shape,
    best: outcome.image,
    bestTarget: outcome.target,
    points,
  };
  const attacked = performance.now();

  const images = evidence(original, outcome.image, inputs.seed);
  const verdicts: Verdict[] = [];
  const others = networks.map(({ name }) => name).filter((name) => name !== network);
  for (const [i, name] of [network, ...others].entries()) {
    progress({ done: 85 + 3 * i, total: 100, text: `asking ${titleOf(name)}`, partial: found });
    const judge = await openShipped(context, name, { batchSizes: [3, images.noisy.length / original.length] });
    const { testError } = shippedModel(context, name);
    verdicts.push(await verdictOf({ network: name, testError }, courteous(judge, context), images));
    await judge.release();
  }
  await opened.release();
  const times = { load: loaded - started, attack: attacked - loaded, verdicts: performance.now() - attacked };
  return {
    task: "attack",
    ...found,
    digitLabel,
    attack: outcome,
    rounded: inEightBits(outcome.image),
    verdicts,
    times,
  };
}
