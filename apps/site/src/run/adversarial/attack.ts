// One run of the panel: attack a digit, then ask every network about the result. Runs on any runtime.
import {
  type DifferentiableClassifier,
  distanceBetween,
  type OnnxClassifier,
  onnxClassifier,
  type Perturbation,
  perturb,
  predictedLabel,
  type SearchStep,
  softmax,
} from "@reprise/adversarial";
import { Random } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import type { Progress } from "../protocol.ts";
import type { Digit } from "./digits.ts";
import { type AdversarialInputs, networks, type TargetChoice, titleOf } from "./inputs.ts";

/** How many times the comparison with noise draws. */
export const noiseDraws = 100;

/** An entry of models.json. */
export interface ShippedModel {
  readonly file: string;
  readonly network: string;
  readonly command: string;
  readonly seed: number;
  /** Share of MNIST's test set that it gets wrong, in [0, 1]. */
  readonly testError: number;
}

/** One problem of the search over c, and for which label. */
export interface SearchPoint extends SearchStep {
  readonly target: number;
}

/** A label and the probability a network gives it. */
export interface Guess {
  readonly label: number;
  readonly probability: number;
}

/** What is known while the search goes on. */
export interface AttackSoFar {
  readonly original: Float32Array;
  /** The nearest image so far that reaches a target, null before the first; at the end, the result whatever it is. */
  readonly best: Float32Array | null;
  readonly bestTarget: number | null;
  readonly points: readonly SearchPoint[];
}

/** What one network says of the image before and after. */
export interface Verdict {
  readonly network: string;
  readonly testError: number;
  readonly clean: Guess;
  readonly adversarial: Guess;
  /** After rounding to 256 levels, as saving it in a file does. */
  readonly rounded: Guess;
  /** Of `noiseDraws` images with Gaussian noise of the same distortion, those whose label changed. */
  readonly noiseChanged: number;
}

/** The whole run. */
export interface AttackResult extends AttackSoFar {
  readonly digitLabel: number | null;
  readonly attack: Perturbation;
  /** The adversarial image in 256 levels, [28, 28]. */
  readonly rounded: Uint8Array;
  readonly roundedProbabilities: Float64Array;
  /** The attacked network first. */
  readonly verdicts: readonly Verdict[];
  /** Milliseconds of starting ONNX Runtime and loading the network, of the attack, of the verdicts. */
  readonly times: { readonly load: number; readonly attack: number; readonly verdicts: number };
}

export interface AttackContext {
  readonly runtime: Runtime;
  /** The shipped networks, and the bytes of one of them. */
  readonly models: readonly ShippedModel[];
  readonly loadModel: (file: string) => Promise<Uint8Array>;
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress<AttackSoFar>) => void;
  /** Gives other messages a turn, such as a cancellation. */
  readonly breathe: () => Promise<void>;
}

/** @throws Error when a network is missing or is not one; the signal's reason when aborted */
export async function attackDigit(
  { pixels, label: digitLabel }: Digit,
  { network, target, norm, seed }: AdversarialInputs,
  { runtime, models, loadModel, signal, progress, breathe }: AttackContext,
): Promise<AttackResult> {
  const shipped = (name: string): ShippedModel => {
    const found = models.find((model) => model.network === name);
    if (found) return found;
    throw new Error(
      `the network ${name} is not among the shipped ones: ${models.map((model) => model.network).join(", ")}`,
    );
  };
  const open = async ({ file }: ShippedModel, batchSizes: readonly number[]): Promise<OnnxClassifier> => {
    const classifier = await onnxClassifier(runtime, await loadModel(file), { name: file, batchSizes });
    return courteous(classifier, { signal, breathe });
  };

  const started = performance.now();
  const original = Float32Array.from(pixels, (pixel) => pixel / 255);
  progress({ done: 2, total: 100, text: "starting ONNX Runtime" });
  const classifier = await open(shipped(network), target === "closest" ? [1, 3, 9] : [1]);
  const predicted = predictedLabel(await classifier.logits(original, 1));
  const loaded = performance.now();

  const found = await search(classifier, original, predicted, { target, norm, seed }, { signal, progress });
  const attacked = performance.now();

  const rounded = Uint8Array.from(found.attack.image, (value) => Math.round(255 * value));
  const images = [original, found.attack.image, Float32Array.from(rounded, (level) => level / 255)];
  const noisy = withNoise(original, found.attack.distortion, seed);
  const verdicts: Verdict[] = [];
  let roundedProbabilities: Float64Array = new Float64Array();
  const others = networks.map(({ name }) => name).filter((name) => name !== network);
  for (const [i, name] of [network, ...others].entries()) {
    progress({ done: 85 + 3 * i, total: 100, text: `asking ${titleOf(name)}`, partial: found });
    const model = shipped(name);
    const judge = await open(model, [images.length, noiseDraws]);
    const [clean, adversarial, eightBit] = await judgeAll(judge, images);
    if (i === 0) roundedProbabilities = eightBit!;
    const before = guess(clean!);
    const changed = await changedLabels(judge, noisy, before.label);
    await judge.release();
    verdicts.push({
      network: name,
      testError: model.testError,
      clean: before,
      adversarial: guess(adversarial!),
      rounded: guess(eightBit!),
      noiseChanged: changed,
    });
  }
  await classifier.release();
  const times = { load: loaded - started, attack: attacked - loaded, verdicts: performance.now() - attacked };
  return { ...found, original, digitLabel, rounded, roundedProbabilities, verdicts, times };
}

async function search(
  classifier: DifferentiableClassifier,
  original: Float32Array,
  predicted: number,
  { target, norm, seed }: Pick<AdversarialInputs, "target" | "norm" | "seed">,
  { signal, progress }: Pick<AttackContext, "signal" | "progress">,
): Promise<AttackSoFar & { readonly attack: Perturbation }> {
  const points: SearchPoint[] = [];
  let best: Float32Array | null = null;
  let bestTarget: number | null = null;
  let nearest = Infinity;
  const expected = (target === "closest" ? 9 : 1) * 12;
  const [attack] = await perturb(classifier, original, [predicted], {
    target: targetOption(target),
    norm,
    seed,
    signal,
    onEvent(event) {
      if (event.kind !== "step") return;
      const { step } = event;
      points.push({ ...step, target: event.target });
      if (step.reached && step.distortion < nearest) {
        nearest = step.distortion;
        best = Float32Array.from(event.best);
        bestTarget = event.target;
      }
      progress({
        done: Math.min(84, 8 + (76 * points.length) / expected),
        total: 100,
        text: `${points.length} problems solved, the last at c = ${step.c.toPrecision(3)}`,
        partial: { original, best, bestTarget, points },
      });
    },
  });
  return { attack: attack!, original, best: attack!.image, bestTarget: attack!.target, points };
}

function targetOption(target: TargetChoice): "all" | "leastLikely" | "random" | number {
  if (target === "closest") return "all";
  if (target === "least") return "leastLikely";
  return target === "random" ? "random" : Number(target);
}

/** The same classifier, giving other messages a turn every now and then and stopping when the signal says so. */
function courteous(
  classifier: OnnxClassifier,
  { signal, breathe }: Pick<AttackContext, "signal" | "breathe">,
): OnnxClassifier {
  const every = 16; // ms: a cancellation waits no longer than a frame
  let last = performance.now();
  const turn = async () => {
    if (performance.now() - last > every) {
      await breathe();
      last = performance.now();
    }
    signal.throwIfAborted();
  };
  return {
    ...classifier,
    async logits(images, count) {
      await turn();
      return classifier.logits(images, count);
    },
    async lossAndGradient(images, labels, count) {
      await turn();
      return classifier.lossAndGradient(images, labels, count);
    },
  };
}

async function judgeAll(
  classifier: DifferentiableClassifier,
  images: readonly Float32Array[],
): Promise<Float64Array[]> {
  const all = new Float32Array(784 * images.length);
  for (const [i, image] of images.entries()) all.set(image, 784 * i);
  const logits = await classifier.logits(all, images.length);
  const { classes } = classifier;
  return images.map((_, i) => softmax(logits.subarray(classes * i, classes * (i + 1))));
}

async function changedLabels(
  classifier: DifferentiableClassifier,
  images: Float32Array,
  label: number,
): Promise<number> {
  const logits = await classifier.logits(images, noiseDraws);
  const { classes } = classifier;
  let changed = 0;
  for (let i = 0; i < noiseDraws; i++)
    if (predictedLabel(logits.subarray(classes * i, classes * (i + 1))) !== label) changed++;
  return changed;
}

/** `noiseDraws` copies of the image with Gaussian noise of this distortion, kept in the box as the attack is. */
function withNoise(original: Float32Array, distortion: number, seed: number): Float32Array {
  const random = new Random(seed);
  const n = original.length;
  const images = new Float32Array(noiseDraws * n);
  const noisy = new Float32Array(n);
  for (let draw = 0; draw < noiseDraws; draw++) {
    const noise = Float64Array.from({ length: n }, () => random.normal());
    // Pixels at 0 and 1 can only move inwards, which halves their noise: scale until what is left has the distortion.
    let scale = distortion;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < n; i++) noisy[i] = Math.min(1, Math.max(0, original[i]! + scale * noise[i]!));
      const { distortion: got } = distanceBetween(original, noisy);
      if (got === 0 || Math.abs(got / distortion - 1) < 1e-3) break;
      scale *= distortion / got;
    }
    images.set(noisy, draw * n);
  }
  return images;
}

function guess(probabilities: Float64Array): Guess {
  const label = predictedLabel(probabilities);
  return { label, probability: probabilities[label] ?? Number.NaN };
}
