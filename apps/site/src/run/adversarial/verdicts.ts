// What networks say of an image before and after an attack, and of as much noise in its place.
import { type Classifier, distanceBetween, imageSize, predictedLabel, softmax } from "@reprise/adversarial";
import { Random } from "@reprise/data";
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
  return { original, adversarial, noisy: withNoise(original, distortion, seed) };
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
    roundedProbabilities: eightBit!,
    noiseChanged,
    noiseDraws: draws,
  };
}

/** Copies of the image with Gaussian noise of this distortion, kept in the box as the attack is. */
function withNoise(original: Float32Array, distortion: number, seed: number): Float32Array {
  const random = new Random(seed);
  const n = original.length;
  const draws = noiseDraws(n);
  const images = new Float32Array(draws * n);
  const noisy = new Float32Array(n);
  for (let draw = 0; draw < draws; draw++) {
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
