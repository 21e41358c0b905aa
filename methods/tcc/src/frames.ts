// Frames as an encoder takes them: with their context, images as numbers in [−1, 1] and changed at random for training.
import { median, type Random } from "@reprise/data";
import { sizeOf, type Tensor, tensor } from "@reprise/engine";
import { type EncoderSpec, inputShapeOf } from "./encoder-spec.ts";
import type { Sequence } from "./video.ts";

/** How all frames of one video are changed. */
export interface Change {
  /** Added to images in [−1, 1]. */
  readonly brightness: number;
  /** Of each channel. */
  readonly contrast: readonly number[];
  /** Pixels that the picture moves, as a share of its sides; its edge is repeated. */
  readonly shift: readonly [down: number, right: number];
  /** Whether left and right change places. */
  readonly mirrored: boolean;
  /** Standard deviation added to features, in their own. */
  readonly noise: number;
}

/**
 * Brightness ±32/255 and contrast 0.5 to 1.5, as the authors' config.py. Departure: contrast differs a little between
 * channels and the picture moves, as one video differs from another; features get a little noise.
 */
export function drawChange(random: Random, { mirror = false }: { readonly mirror?: boolean } = {}): Change {
  const contrast = random.uniform(0.5, 1.5);
  return {
    brightness: random.uniform(-2, 2) * (32 / 255),
    contrast: Array.from({ length: 3 }, () => contrast * random.uniform(0.8, 1.2)),
    shift: [random.uniform(-0.08, 0.08), random.uniform(-0.08, 0.08)],
    noise: 0.02,
    mirrored: mirror && random.uniform() < 0.5,
  };
}

/**
 * Frames `steps` of a sequence with what comes before each, into `out` from number `at` on: [frames, context, …].
 *
 * @returns the place after the last number
 */
export function writeFrames(
  { context, contextStride, frameShape, scale, start = "ignored" }: EncoderSpec,
  { shape, data }: Sequence,
  steps: ArrayLike<number>,
  out: Float32Array,
  at: number,
  augment?: { readonly change: Change; readonly random: Random },
): number {
  const size = sizeOf(frameShape);
  const isImage = shape.length === 4;
  const [C = 1, H = 1, W = 1] = frameShape;
  const { brightness = 0, contrast = [], shift = [0, 0], noise = 0, mirrored = false } = augment?.change ?? {};
  const [down, right] = [Math.round(shift[0] * H), Math.round(shift[1] * W)];
  let to = at;
  for (let i = 0; i < steps.length; i++)
    for (let k = context - 1; k >= 0; k--) {
      const from = Math.max(0, steps[i]! - k * contextStride) * size;
      if (isImage) {
        // The difference from the first frame, if any, comes after the frame's own channels.
        const channels = start === "beside" ? 2 * C : C;
        for (let channel = 0; channel < channels; channel++) {
          const c = channel % C;
          const isDifference = start === "subtracted" || channel >= C;
          const gain = contrast[c] ?? 1;
          for (let y = 0; y < H; y++) {
            const row = from + Math.max(0, Math.min(H - 1, y - down)) * W * C + c;
            for (let x = 0; x < W; x++) {
              const column = Math.max(0, Math.min(W - 1, x - right));
              const place = row + (mirrored ? W - 1 - column : column) * C;
              out[to++] = isDifference
                ? ((data[place]! - data[place - from]!) / 127.5) * gain
                : (data[place]! / 127.5 - 1) * gain + brightness;
            }
          }
        }
      } else
        for (let f = 0; f < size; f++)
          out[to++] = data[from + f]! + (noise > 0 ? noise * (scale?.[f] ?? 1) * augment!.random.normal() : 0);
    }
  return to;
}

/** Frames of one sequence as a batch. */
export function framesTensor(spec: EncoderSpec, sequence: Sequence, steps: ArrayLike<number>): Tensor<"float32"> {
  const shape = [steps.length, spec.context, ...inputShapeOf(spec)];
  const out = new Float32Array(sizeOf(shape));
  writeFrames(spec, sequence, steps, out, 0);
  return tensor("float32", shape, out);
}

/** `count` frames of a video in their order, chosen at random, the first one left out; short videos repeat the last. */
export function sampleSteps(length: number, count: number, random: Random): number[] {
  if (length <= count) return Array.from({ length: count }, (_, i) => Math.min(i, length - 1));
  return Array.from(random.permutation(length - 1).subarray(0, count), (i) => i + 1).sort((a, b) => a - b);
}

/** The frame shape that an encoder takes from a sequence: [F] or [C, H, W]. */
export const frameShapeOf = ({ shape }: Sequence): number[] =>
  shape.length === 2 ? [shape[1]!] : [shape[3]!, shape[1]!, shape[2]!];

/** Bytes by which pixels of a fixed camera differ from the first frame, light and noise included. */
const STILL = 20;

/** Whether most pixels of most videos stay what they were at the beginning: the camera stands still. */
export function isCameraStill(sequences: readonly Sequence[]): boolean {
  const changes = sequences.map(({ shape, data }) => {
    const size = data.length / shape[0]!;
    const middle = Math.floor(shape[0]! / 2) * size;
    return median(Array.from({ length: size }, (_, i) => Math.abs(data[middle + i]! - data[i]!)));
  });
  return median(changes) <= STILL;
}

/** Mean and standard deviation of each feature over all frames. */
export function featureStatistics(sequences: readonly Sequence[]): { mean: number[]; scale: number[] } {
  const F = sequences[0]!.shape[1]!;
  const mean = new Array<number>(F).fill(0);
  const square = new Array<number>(F).fill(0);
  let count = 0;
  for (const { data, shape } of sequences) {
    count += shape[0]!;
    for (let i = 0; i < data.length; i++) mean[i % F]! += data[i]!;
  }
  for (let f = 0; f < F; f++) mean[f]! /= count;
  for (const { data } of sequences)
    for (let i = 0; i < data.length; i++) square[i % F]! += (data[i]! - mean[i % F]!) ** 2;
  const deviations = square.map((sum) => Math.sqrt(sum / count));
  const typical = Math.sqrt(square.reduce((a, b) => a + b, 0) / (count * F)) || 1;
  // A feature that hardly moves is not blown up.
  return { mean, scale: deviations.map((s) => Math.max(s, 0.05 * typical)) };
}
