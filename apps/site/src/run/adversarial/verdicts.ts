// What networks say of an image before and after an attack, and of as much noise in its place.
import { type Classifier, distanceBetween, imageSize, predictedLabel, softmax } from "@reprise/adversarial";
import { noiseAsLarge } from "./noise.ts";
import { fromEightBits, inEightBits } from "./outcome.ts";

/** A label and the probability a network gives it. */
export interface Guess {
  readonly label: number;
  readonly probability: number;
}

/** What one network says. */
export interface Verdict {
  readonly network: string;
  /** Share of MNIST's test set that it gets wrong; null for a model of the reader's. */
  readonly testError: number | null;
  readonly clean: Guess;
  readonly adversarial: Guess;
  /** After rounding to 256 levels, as saving it in a file does. */
  readonly rounded: Guess;
  readonly adversarialProbabilities: Float64Array;
  readonly roundedProbabilities: Float64Array;
  /** Of `noiseDraws` images with Gaussian noise of the same distortion, those whose label changed. */
  readonly noiseChanged: number;
  readonly noiseDraws: number;
}

/** How many times the comparison with noise draws; fewer of large images, each of which takes a while. */
export const noiseDraws = (size: number): number => (size <= 20_000 ? 100 : 10);

export interface Evidence {
  readonly original: Float32Array;
  readonly adversarial: Float32Array;
  /** `noiseDraws` images, one after the other. */
  readonly noisy: Float32Array;
}

/** The images to judge. */
export function evidence(original: Float32Array, adversarial: Float32Array, seed: number): Evidence {
  const { distortion } = distanceBetween(original, adversarial);
  return { original, adversarial, noisy: noiseAsLarge(original, distortion, noiseDraws(original.length), seed) };
}

export async function verdictOf(
  { network, testError }: Pick<Verdict, "network" | "testError">,
  classifier: Classifier,
  { original, adversarial, noisy }: Evidence,
): Promise<Verdict> {
  const images = [original, adversarial, fromEightBits(inEightBits(adversarial))];
  const size = imageSize(classifier);
  const all = new Float32Array(size * images.length);
  for (const [i, image] of images.entries()) all.set(image, size * i);
  const { classes } = classifier;
  const logits = (await classifier.logits(all, images.length)).slice();
  const [clean, changed, eightBit] = images.map((_, i) => softmax(logits.subarray(classes * i, classes * (i + 1))));
  const before = guess(clean!);
  const draws = noisy.length / size;
  const ofNoise = await classifier.logits(noisy, draws);
  let noiseChanged = 0;
  for (let i = 0; i < draws; i++)
    if (predictedLabel(ofNoise.subarray(classes * i, classes * (i + 1))) !== before.label) noiseChanged++;
  return {
    network,
    testError,
    clean: before,
    adversarial: guess(changed!),
    rounded: guess(eightBit!),
    adversarialProbabilities: changed!,
    roundedProbabilities: eightBit!,
    noiseChanged,
    noiseDraws: draws,
  };
}

function guess(probabilities: Float64Array): Guess {
  const label = predictedLabel(probabilities);
  return { label, probability: probabilities[label] ?? Number.NaN };
}
