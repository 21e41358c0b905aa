/** How far an image was moved: r = x′ − x in several norms. */
export interface Distance {
  /** √(Σ rᵢ² / n), the paper's distortion: the root mean square per pixel, comparable with a Gaussian's σ. */
  readonly distortion: number;
  /** Σ |rᵢ|. */
  readonly l1: number;
  /** √(Σ rᵢ²). */
  readonly l2: number;
  /** max |rᵢ|. */
  readonly lInfinity: number;
}

/** Distance of two images of equal size; pixel values as they are, sums in float64. */
export function distanceBetween(image: ArrayLike<number>, moved: ArrayLike<number>): Distance {
  let l1 = 0;
  let squares = 0;
  let lInfinity = 0;
  for (let i = 0; i < image.length; i++) {
    const r = Math.abs(moved[i]! - image[i]!);
    l1 += r;
    squares += r * r;
    lInfinity = Math.max(lInfinity, r);
  }
  return { distortion: Math.sqrt(squares / image.length), l1, l2: Math.sqrt(squares), lInfinity };
}
