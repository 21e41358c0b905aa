// Small models: fewer rows (pruning) and rows as centroid numbers (product quantisation), after FastText.zip.
// The paper's companion (Joulin et al. 2016, "FastText.zip: Compressing text classification models").
import type { DenseMatrix, Kernel, ProductQuantizer, QuantizedMatrix } from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import { MinimalStandard } from "../reference/random.ts";

/** Centroids of each part; a code is one byte. */
const centroidCount = 256;
const iterations = 25;
const mostPoints = centroidCount * 256;
const seed = 1234;
/** Half the distance between the two halves of a split cluster. */
const splitStep = 1e-7;

/**
 * A dense matrix as codes.
 *
 * @param partDim  numbers of a row that share a code
 * @param withNorms  keep the rows' lengths apart, with a code of their own
 * @throws RangeError when there are fewer than 256 rows
 */
export function quantizeMatrix(
  matrix: DenseMatrix,
  { partDim, withNorms }: { readonly partDim: number; readonly withNorms: boolean },
  kernel: Kernel,
  memory: Memory,
): QuantizedMatrix {
  const { rows, dim } = matrix;
  if (rows < centroidCount)
    throw new RangeError(`A matrix of ${rows} rows cannot be quantised: ${centroidCount} are needed at least.`);
  let values = matrix.values;
  let norms: QuantizedMatrix["norms"];
  if (withNorms) {
    const lengths = new Float32Array(rows);
    values = memory.float32(values.length);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = row * dim; i < (row + 1) * dim; i++) sum += matrix.values[i]! * matrix.values[i]!;
      const norm = Math.fround(Math.sqrt(sum));
      lengths[row] = norm;
      for (let i = row * dim; i < (row + 1) * dim; i++)
        values[i] = norm === 0 ? matrix.values[i]! : matrix.values[i]! / norm;
    }
    const quantizer = learn(lengths, rows, 1, 1, kernel, memory);
    norms = { quantizer, codes: codesOf(lengths, rows, quantizer, kernel, memory) };
  }
  const quantizer = learn(values, rows, dim, partDim, kernel, memory);
  return {
    kind: "quantized",
    rows,
    dim,
    codes: codesOf(values, rows, quantizer, kernel, memory),
    quantizer,
    norms,
  };
}

function learn(
  values: Float32Array,
  rows: number,
  dim: number,
  partDim: number,
  kernel: Kernel,
  memory: Memory,
): ProductQuantizer {
  const parts = Math.ceil(dim / partDim);
  const lastDim = dim % partDim || partDim;
  const centroids = memory.float32(dim * centroidCount);
  const random = new MinimalStandard(seed);
  const points = Math.min(rows, mostPoints);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const sample = memory.float32(points * partDim);
  const codes = memory.bytes(points);
  for (let part = 0; part < parts; part++) {
    const width = part === parts - 1 ? lastDim : partDim;
    if (points < rows) shuffle(order, random);
    for (let i = 0; i < points; i++)
      for (let d = 0; d < width; d++) sample[i * width + d] = values[order[i]! * dim + part * partDim + d]!;
    const start = part * centroidCount * partDim;
    const own = centroids.subarray(start, start + centroidCount * width);
    kMeans(sample.subarray(0, points * width), own, codes, width, random, kernel, memory);
  }
  return { dim, parts, partDim, lastDim, centroids };
}

/** Fisher and Yates. */
function shuffle(order: Int32Array, random: MinimalStandard): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
}

function kMeans(
  points: Float32Array,
  centroids: Float32Array,
  codes: Uint8Array,
  width: number,
  random: MinimalStandard,
  kernel: Kernel,
  memory: Memory,
): void {
  const count = points.length / width;
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffle(order, random);
  for (let c = 0; c < centroidCount; c++)
    for (let d = 0; d < width; d++) centroids[c * width + d] = points[order[c]! * width + d]!;
  for (let i = 0; i < iterations; i++) {
    kernel.nearestCentroids(memory, points, centroids, codes, { width, stride: width, codeStride: 1 });
    moveCentroids(points, centroids, codes, width, random);
  }
}

/** Each centroid to the mean of its points; an empty one takes half of the points of another. */
function moveCentroids(
  points: Float32Array,
  centroids: Float32Array,
  codes: Uint8Array,
  width: number,
  random: MinimalStandard,
): void {
  const count = points.length / width;
  const members = new Int32Array(centroidCount);
  centroids.fill(0);
  for (let i = 0; i < count; i++) {
    const c = codes[i]!;
    members[c]!++;
    for (let d = 0; d < width; d++) centroids[c * width + d]! += points[i * width + d]!;
  }
  for (let c = 0; c < centroidCount; c++)
    for (let d = 0; d < width && members[c]! > 0; d++) centroids[c * width + d]! /= members[c]!;
  for (let c = 0; c < centroidCount; c++) {
    if (members[c]! > 0) continue;
    // A cluster is drawn in proportion to its size; with n = 256 points every cluster has one and none can be split.
    let from = 0;
    for (let tries = 0; random.uniform() * (count - centroidCount) >= members[from]! - 1; tries++) {
      from = (from + 1) % centroidCount;
      if (tries > 1_000_000) return;
    }
    for (let d = 0; d < width; d++) {
      const step = d % 2 === 0 ? -splitStep : splitStep;
      const center = centroids[from * width + d]!;
      centroids[c * width + d] = center + step;
      centroids[from * width + d] = center - step;
    }
    members[c] = members[from]! >> 1;
    members[from]! -= members[c]!;
  }
}

function codesOf(
  values: Float32Array,
  rows: number,
  { dim, parts, partDim, lastDim, centroids }: ProductQuantizer,
  kernel: Kernel,
  memory: Memory,
): Uint8Array {
  const codes = memory.bytes(rows * parts);
  let inside = values;
  if (!memory.owns(values)) {
    inside = memory.float32(values.length);
    inside.set(values);
  }
  for (let part = 0; part < parts; part++) {
    const width = part === parts - 1 ? lastDim : partDim;
    const start = part * centroidCount * partDim;
    kernel.nearestCentroids(
      memory,
      inside.subarray(part * partDim),
      centroids.subarray(start, start + centroidCount * width),
      codes.subarray(part),
      { width, stride: dim, codeStride: parts },
    );
  }
  return codes;
}
