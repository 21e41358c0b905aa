// Bits found, flipped by hand or at random in a quantised classifier of digits: what the panel's worker does, and the
// stored run on Node.
import {
  accuracyOf,
  answersOf,
  type BitFlip,
  bitFlipAttack,
  changesOf,
  drawFlips,
  flipBit,
  flippableFile,
  flipped,
  type GraphVictim,
  graphVictim,
  integerRange,
  namedFlip,
  type OnnxNetwork,
  onnxNetwork,
  quantizedOnnx,
  type Stopped,
  targetedSample,
} from "@reprise/bit-flip";
import { Random } from "@reprise/data";
import type { Runtime, Tensor } from "@reprise/engine";
import type { RunContext } from "../serve-tasks.ts";
import { testImages } from "./inputs.ts";

/** Digits with their labels, [N, 1, 28, 28] in 0 … 1. */
export interface Digits {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** A bit as the page shows it. */
export interface FlipShown {
  readonly layer: string;
  /** Row-major. */
  readonly index: number;
  /** The same in the weight's own shape, e.g. [3, 0, 1, 2]. */
  readonly place: readonly number[];
  readonly bit: number;
  readonly before: number;
  readonly after: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Of a search after a class: share of the other classes' images that get it. */
  readonly success: number | null;
}

/** Accuracy after so many random flips, mean of the trials. */
export interface RandomShown {
  readonly flips: number;
  readonly accuracy: number;
}

/** A test image whose label the flips change. */
export interface Changed {
  readonly before: number;
  readonly after: number;
  /** 0 … 255, [28, 28]; of the first ones only. */
  readonly pixels: Uint8Array | null;
}

/** A layer's integers, and which of them are flipped. */
export interface MemoryShown {
  readonly layer: string;
  readonly values: Int8Array;
  readonly flipped: readonly number[];
}

export interface FlipsResult {
  readonly network: string;
  /** Bits of all weights that can be flipped. */
  readonly bits: number;
  readonly before: { readonly accuracy: number; readonly loss: number };
  readonly flips: readonly FlipShown[];
  readonly random: readonly RandomShown[];
  readonly changed: readonly Changed[];
  readonly memory: readonly MemoryShown[];
  readonly stopped: Stopped;
  readonly seconds: number;
  /** The ONNX file with the flips made; one of float weights is quantised first. */
  readonly patched: Uint8Array<ArrayBuffer>;
}

/** What is there after each flip. */
export interface FlipsSoFar {
  readonly before: number;
  readonly flips: readonly FlipShown[];
}

export interface FlipsContext extends RunContext<FlipsSoFar> {
  readonly runtime: Runtime;
  readonly breathe: () => Promise<void>;
}

export interface SearchSettings {
  /** What the page calls the network. */
  readonly name: string;
  readonly sample: number;
  readonly maxFlips: number;
  readonly seed: number;
  /** The class that all images are to get; none where the search is after any mistake. */
  readonly target?: number;
}

/** Random flips are tried this often, and up to so many bits. */
const trials = 2;
const mostRandom = 100;

/**
 * Progressive bit search on a model of digits, beside random flips.
 *
 * @param bytes  a quantised ONNX classifier; float weights are quantised to 8 bits
 * @throws Error in the reader's words when the model takes other images
 */
export async function findFlips(bytes: Uint8Array, digits: Digits, settings: SearchSettings, context: FlipsContext) {
  const { name, sample, maxFlips, seed, target } = settings;
  const { runtime, signal, progress, breathe } = context;
  const network = networkOf(bytes, name, digits);
  const test = testSet(digits, network);
  const images = imagesOf(digits, network, digits.labels.length - sample, sample);
  const aimed = target === undefined ? { images } : await aimedAt(runtime, network, images, target);
  const victim = await graphVictim(runtime, network, aimed);
  const bits = victim.layers.reduce((sum, layer) => sum + layer.bits * layer.values.length, 0);
  const started = performance.now();
  try {
    const clean = await answersOf(victim, test, signal);
    const flips: FlipShown[] = [];
    let before = Number.NaN;
    const result = await bitFlipAttack(victim, {
      test,
      maxFlips,
      signal,
      ...(target === undefined
        ? { stopAccuracy: 1.1 / classesOf(digits) }
        : { aim: { target }, stopSuccess: 0.99, goal: "lower" }),
      async onProgress(event) {
        await breathe();
        signal.throwIfAborted();
        if (event.kind === "layer") {
          const { name: layer } = victim.layers[Math.min(event.done, victim.layers.length - 1)]!;
          progress({ done: flips.length, total: maxFlips, text: `flip ${flips.length + 1}: trying ${layer}` });
          return;
        }
        if (event.kind !== "step") return;
        if (Number.isNaN(before)) before = share(clean, test.labels);
        for (const flip of event.step.flips) flips.push(shown(victim, flip, event.step));
        progress({
          done: flips.length,
          total: maxFlips,
          text: `${flips.length === 1 ? "1 flip" : `${flips.length} flips`}, ${Math.round(100 * event.step.accuracy)} % right`,
          partial: { before, flips: [...flips] },
        });
      },
    });
    const broken = await answersOf(victim, test, signal);
    const memory = memoryOf(
      victim,
      result.steps.flatMap((step) => step.flips),
    );
    victim.set(restoring(result.steps.flatMap((step) => step.flips)));
    const random = await byChance(victim, test, { most: Math.max(flips.length, 1), seed }, context);
    const seconds = (performance.now() - started) / 1000;
    return {
      network: name,
      bits,
      before: { accuracy: result.before.accuracy, loss: result.before.loss },
      flips,
      random,
      changed: changedRows(clean, broken, digits),
      memory,
      stopped: result.stopped,
      seconds,
      patched: patchedFile(
        bytes,
        network,
        result.steps.flatMap((step) => step.flips),
      ),
    } satisfies FlipsResult;
  } finally {
    await victim.release();
  }
}

/** A flip that the reader chose. */
export interface HandFlip {
  readonly layer: string;
  readonly index: number;
  readonly bit: number;
}

export interface HandResult {
  readonly before: { readonly accuracy: number; readonly loss: number };
  readonly after: { readonly accuracy: number; readonly loss: number };
  readonly flips: readonly (HandFlip & { readonly before: number; readonly after: number })[];
  /** Where the largest weight is. */
  readonly largest: HandFlip;
}

/** Loss and accuracy after some flips. @throws Error naming a flip that the network does not have */
export async function flipByHand(
  bytes: Uint8Array,
  digits: Digits,
  { name, flips }: { readonly name: string; readonly flips: readonly HandFlip[] },
  { runtime, signal }: Pick<FlipsContext, "runtime" | "signal">,
): Promise<HandResult> {
  const network = networkOf(bytes, name, digits);
  const test = testSet(digits, network);
  const victim = await graphVictim(runtime, network, { images: test.images, targets: test.labels.slice() });
  try {
    const before = { accuracy: await accuracyOf(victim, test, signal), loss: await victim.loss(signal) };
    const made = flips.map(({ layer: called, index, bit }) => {
      const layer = victim.layers.findIndex((each) => each.name === called);
      const at = victim.layers[layer];
      if (!at) throw new Error(`The network has no layer “${called}”.`);
      const old = at.values[index];
      if (old === undefined)
        throw new Error(`${called} has the weights 0 to ${at.values.length - 1}; there is no weight ${index}.`);
      const value = flipBit(old, bit, at.bits, at.signed);
      victim.set([{ layer, index, value }]);
      return { layer: called, index, bit, before: old, after: value };
    });
    const after = { accuracy: await accuracyOf(victim, test, signal), loss: await victim.loss(signal) };
    return { before, after, flips: made, largest: largestOf(network) };
  } finally {
    await victim.release();
  }
}

function networkOf(bytes: Uint8Array, name: string, digits: Digits): OnnxNetwork {
  const quantised = hasIntegers(bytes);
  const network = onnxNetwork(bytes, quantised ? { name } : { name, bits: 8 });
  const each = digits.images.length / digits.labels.length;
  if (network.inputShape.reduce((a, b) => a * b, 1) !== each)
    throw new Error(
      `${name}: it takes images of [${network.inputShape.join(", ")}]; the digits here are [1, 28, 28]. The command line attacks it: reprise bit-flip attack.`,
    );
  return network;
}

/** Whether the file holds integers: a float model is quantised here. */
function hasIntegers(bytes: Uint8Array): boolean {
  try {
    onnxNetwork(bytes);
    return true;
  } catch {
    return false;
  }
}

function imagesOf({ images }: Digits, { inputShape }: OnnxNetwork, from: number, count: number): Tensor<"float32"> {
  const each = inputShape.reduce((a, b) => a * b, 1);
  return {
    dtype: "float32",
    shape: [count, ...inputShape],
    data: images.slice(from * each, (from + count) * each),
  };
}

const testSet = (digits: Digits, network: OnnxNetwork) => ({
  images: imagesOf(digits, network, 0, testImages),
  labels: digits.labels.slice(0, testImages),
});

const classesOf = ({ labels }: Digits) => new Set(labels).size;

async function aimedAt(runtime: Runtime, network: OnnxNetwork, images: Tensor<"float32">, target: number) {
  const victim = await graphVictim(runtime, network, { images });
  try {
    const labels = await answersOf(victim, { images, labels: new Int32Array(images.shape[0]!) });
    return targetedSample(images, labels, { type: "all-to-one", target });
  } finally {
    await victim.release();
  }
}

async function byChance(
  victim: GraphVictim,
  test: ReturnType<typeof testSet>,
  { most, seed }: { readonly most: number; readonly seed: number },
  { signal, progress, breathe }: FlipsContext,
): Promise<RandomShown[]> {
  const counts = [...new Set([1, Math.ceil(most / 2), most, mostRandom])].filter((n) => n > 0).sort((a, b) => a - b);
  const sums = counts.map(() => 0);
  const random = new Random(seed);
  for (let trial = 0; trial < trials; trial++) {
    const flips = drawFlips(victim.layers, mostRandom, random);
    for (const [i, count] of counts.entries()) {
      await breathe();
      signal.throwIfAborted();
      const done = trial * counts.length + i;
      progress({ done, total: trials * counts.length, text: `${count} random flips, for comparison` });
      const some = flips.slice(0, count);
      victim.set(changesOf(some));
      sums[i]! += await accuracyOf(victim, test, signal);
      victim.set(restoring(some));
    }
  }
  return counts.map((flips, i) => ({ flips, accuracy: sums[i]! / trials }));
}

/** The file with the flips in its bytes. */
function patchedFile(bytes: Uint8Array, network: OnnxNetwork, flips: readonly BitFlip[]): Uint8Array<ArrayBuffer> {
  const { layers, initializers, quantized } = network;
  const stored = layers.map((layer, i) => ({ layer, initializer: initializers[i]! }));
  const whole = quantized ? bytes : quantizedOnnx(bytes, stored);
  const file = flippableFile(whole, quantized ? network : onnxNetwork(whole));
  return flipped(
    file.bytes,
    flips.map((flip) => namedFlip(file, flip)),
  );
}

/** The changes that undo flips: the first of several of one weight says what it was. */
function restoring(flips: readonly BitFlip[]) {
  return [...flips].reverse().map(({ layer, index, before }) => ({ layer, index, value: before }));
}

function shown(
  victim: GraphVictim,
  flip: BitFlip,
  step: { loss: number; accuracy: number; success?: number },
): FlipShown {
  const { layer, index, bit, before, after } = flip;
  const { name, shape } = victim.layers[layer]!;
  const { loss, accuracy, success = null } = step;
  return { layer: name, index, place: placeOf(index, shape), bit, before, after, loss, accuracy, success };
}

/** The place of a row-major index in a shape. */
export function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

function memoryOf(victim: GraphVictim, flips: readonly BitFlip[]): MemoryShown[] {
  return victim.layers.map(({ name, values }, layer) => ({
    layer: name,
    values: Int8Array.from(values),
    flipped: flips.filter((flip) => flip.layer === layer).map(({ index }) => index),
  }));
}

/** Pictures that are shown. */
const mostPictures = 12;

function changedRows(clean: Int32Array, broken: Int32Array, { images }: Digits): Changed[] {
  const pixelsOf = (row: number) =>
    Uint8Array.from(images.subarray(784 * row, 784 * (row + 1)), (v) => Math.round(255 * v));
  return [...clean.keys()]
    .filter((row) => clean[row] !== broken[row])
    .map((row, i) => ({
      before: clean[row]!,
      after: broken[row]!,
      pixels: i < mostPictures ? pixelsOf(row) : null,
    }));
}

const share = (answers: Int32Array, labels: Int32Array) =>
  answers.filter((answer, i) => answer === labels[i]).length / labels.length;

/** The sign bit of the weight that is furthest from 0 of all layers. */
function largestOf({ layers }: OnnxNetwork): HandFlip {
  let found: HandFlip = { layer: layers[0]!.name, index: 0, bit: layers[0]!.bits - 1 };
  let size = -1;
  for (const { name, values, bits, signed } of layers) {
    const [lowest] = integerRange(bits, signed);
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      // −128 has no twin above 0: its sign bit makes it 0.
      const moved = value === lowest ? 0 : Math.abs(value);
      if (moved <= size) continue;
      size = moved;
      found = { layer: name, index, bit: bits - 1 };
    }
  }
  return found;
}
