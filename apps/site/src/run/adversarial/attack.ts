// One run of the panel: attack an image, then ask every network about the result. Runs on any runtime.
import { type Distance, distanceBetween, predictedLabel } from "@reprise/adversarial";
import { factsOf } from "@reprise/adversarial/attacks";
import type { Progress } from "../protocol.ts";
import { courteous } from "./courteous.ts";
import type { Digit } from "./digits.ts";
import { side } from "./drawing-code.ts";
import { type Fitted, fitDigit, fitImage } from "./fit-image.ts";
import { type AttackInputs, networks, targetOf, titleOf } from "./inputs.ts";
import { type AttackSoFar, inEightBits, type Outcome } from "./outcome.ts";
import type { OwnImage, OwnModel } from "./own-files.ts";
import { type OpenedModel, openOwn } from "./own-model.ts";
import { candidates, search } from "./search.ts";
import { openShipped, type Shelf, shippedModel } from "./shipped.ts";
import { evidence, type Verdict, verdictOf } from "./verdicts.ts";

/** The whole run. */
export interface AttackResult extends AttackSoFar {
  /** What was done to a picture of the reader's to fit it to the model. */
  readonly said: string | null;
  /** What the labels are called, by number; null for digits, which are called what they are. */
  readonly names: readonly string[] | null;
  readonly attack: Outcome;
  /** What is shown and judged: the attack's image, or x with r enlarged as the inputs say, kept in the box. */
  readonly best: Float32Array;
  /** Of `best`. */
  readonly distance: Distance;
  /** `best` in 256 levels. */
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

/** What the page sends: the inputs with the files that they stand for. */
export interface AttackMessage {
  readonly inputs: AttackInputs;
  readonly image: OwnImage | null;
  readonly own: OwnNetwork | null;
}

/** A reader's model, and what its labels are called. */
export interface OwnNetwork {
  readonly model: OwnModel;
  readonly names: readonly string[];
}

/**
 * Attacks one image: a digit, or a picture of the reader's, which is fitted to the network first.
 *
 * @param own  the model, where the inputs say that it is the reader's
 * @throws Error when a network is missing or is not one; the signal's reason when aborted
 */
export async function attackImage(
  subject: Digit | OwnImage,
  inputs: AttackInputs,
  context: AttackContext,
  own: OwnNetwork | null = null,
): Promise<AttackResult> {
  const { signal, progress } = context;
  const { network, attack: name } = inputs;
  const target = targetOf(inputs);
  const started = performance.now();
  progress({ done: 2, total: 100, text: "starting ONNX Runtime" });

  const paper = name === "lbfgs";
  const { classifier: opened, shape } = await open(inputs, context, own);
  const { pixels: original, said } = fitted(subject, shape, network === "own");
  const classifier = courteous(opened, {
    ...context,
    onImages(images, seen) {
      if (paper || seen < 2) return; // the paper's search tells more by itself
      const best = images.slice(0, original.length);
      const text = `${factsOf(name).label}: ${seen.toLocaleString("en")} images asked about`;
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

  const shown = enlarged(original, outcome.image, inputs.enlarge);
  const images = evidence(original, shown, inputs.seed);
  const verdicts: Verdict[] = [];
  if (network === "own") {
    progress({ done: 90, total: 100, text: "asking your model once more", partial: found });
    verdicts.push(await verdictOf({ network, testError: null }, classifier, images));
  } else {
    const others = networks.map(({ name }) => name).filter((name) => name !== network);
    for (const [i, name] of [network, ...others].entries()) {
      progress({ done: 85 + 3 * i, total: 100, text: `asking ${titleOf(name)}`, partial: found });
      const judge = await openShipped(context, name, { batchSizes: [3, images.noisy.length / original.length] });
      const { testError } = shippedModel(context, name);
      verdicts.push(await verdictOf({ network: name, testError }, courteous(judge, context), images));
      await judge.release();
    }
  }
  await opened.release();
  const times = { load: loaded - started, attack: attacked - loaded, verdicts: performance.now() - attacked };
  const names = own && network === "own" ? own.names : null;
  return {
    ...found,
    said,
    names,
    attack: outcome,
    best: shown,
    distance: distanceBetween(original, shown),
    rounded: inEightBits(shown),
    verdicts,
    times,
  };
}

/** x + times · r in the box [0, 1]. */
function enlarged(x: Float32Array, adversarial: Float32Array, times: number): Float32Array {
  if (times === 1) return adversarial;
  return adversarial.map((value, i) => Math.min(1, Math.max(0, x[i]! + times * (value - x[i]!))));
}

async function open(inputs: AttackInputs, context: AttackContext, own: OwnNetwork | null): Promise<OpenedModel> {
  const { network, attack: name } = inputs;
  const paper = name === "lbfgs";
  // The paper's attack has our sharper loss; the others follow the gradient that their authors took.
  const sharpness = paper ? 2 : 1;
  // As many images as the attack asks about at once: nine searches over c, or HopSkipJump's hundreds of neighbours.
  const batchSizes =
    name === "hopskipjump" ? [1, 16, 128] : paper && targetOf(inputs) === "closest" ? [1, 3, candidates] : [1];
  if (network === "own") {
    if (!own) throw new Error("Choose an ONNX file first.");
    return openOwn(context.runtime, own.model, inputs, { needs: factsOf(name).needs, sharpness, batchSizes });
  }
  const classifier = await openShipped(context, network, { batchSizes, sharpness });
  return { classifier, shape: [1, side, side] };
}

/** The image as the model takes it. A picture for the shipped networks becomes a digit as MNIST has them. */
function fitted(
  subject: Digit | OwnImage,
  shape: OpenedModel["shape"],
  ownModel: boolean,
): { readonly pixels: Float32Array; readonly said: string | null } {
  if ("rgba" in subject) return ownModel ? fitImage(subject, shape) : fitDigit(subject);
  if (shape.every((dim, i) => dim === [1, side, side][i]))
    return { pixels: Float32Array.from(subject.pixels, (pixel) => pixel / 255), said: null };
  const rgba = new Uint8ClampedArray(4 * side * side);
  for (const [i, pixel] of subject.pixels.entries()) rgba.set([pixel, pixel, pixel, 255], 4 * i);
  const { pixels, said }: Fitted = fitImage({ name: "The digit", width: side, height: side, rgba }, shape);
  return { pixels, said };
}
