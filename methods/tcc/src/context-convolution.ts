// A convolution over time and space as one over space alone, which runtimes have fast kernels for.
import { concat, conv, mul, reshape, slice, type Value } from "@reprise/engine";

/**
 * A 3×3×3 convolution that keeps the size, as one over space: x [N, k·C, H, W] with the k frames one after the other,
 * W [K, C, 3, 3, 3] → [N, k·K, H, W]. Frame t of the result sees frame s of the input by the tap s − t + 1.
 */
export function conv3dOverContext(x: Value, W: Value, bias: Value, k: number): Value {
  const [K, C] = W.shape as [number, number];
  const tap = (i: number) => reshape(slice(W, [{ axis: 2, start: i, end: i + 1 }]), [K, C, 3, 3]);
  const nothing = () => mul(tap(0), 0);
  const rows = Array.from({ length: k }, (_, t) =>
    concat(
      Array.from({ length: k }, (_, s) => (Math.abs(s - t) <= 1 ? tap(s - t + 1) : nothing())),
      1,
    ),
  );
  const biases = concat(
    Array.from({ length: k }, () => bias),
    0,
  );
  return conv(x, concat(rows, 0), biases, { pads: [1, 1] });
}
