// The control that an attack is compared with: Gaussian noise that moves an image as far.
import { distanceBetween } from "@reprise/adversarial";
import { Random } from "@reprise/data";

/** Copies of an image with Gaussian noise of this distortion, kept in the box [0, 1] as the attack is, [draws, n]. */
export function noiseAsLarge(original: Float32Array, distortion: number, draws: number, seed: number): Float32Array {
  const random = new Random(seed);
  const n = original.length;
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
