// Batches of labelled examples, as a training step is fed them, in a seeded order that a checkpoint can hold.
import { Batches, type BatchOptions, type BatchState, Random } from "@reprise/data";
import { type Chunk, formatShape, type Shape, ShapeError, sizeOf, type Tensor, tensor } from "@reprise/engine";

/** What a training step is fed, and which examples it is made of. */
export interface Batch {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly indices: Uint32Array;
  /** Counted from 0. */
  readonly epoch: number;
}

/** An endless row of batches that can be stopped and continued. */
export interface BatchSource {
  readonly batchesPerEpoch: number;
  next(): Batch | Promise<Batch>;
  /** Where it stands, as plain JSON. */
  readonly state: unknown;
  /** Goes on from a `state`. @throws Error when it is not one of this source's */
  restore(state: unknown): void;
}

/** Labelled images on the host. */
export interface Examples {
  /** [M, …shape of one], values as the network takes them. */
  readonly images: Tensor;
  /** [M] integers in [0, K). */
  readonly labels: Tensor;
}

export interface ExampleBatchesOptions {
  readonly batchSize: number;
  /** Decides the order. */
  readonly seed: number;
  /** Shape of one image in the batch; that of `images` when absent. */
  readonly inputShape?: Shape;
  readonly augment?: Augment;
}

/**
 * Changes a batch of images [B, C, H, W] at random, to as many of the same shape. The generator depends on the seed and
 * the place of the batch alone, so a resumed run draws the same changes.
 */
export type Augment = (images: Tensor<"float32">, random: Random) => Tensor<"float32">;

/** Shuffled batches `{ x: [B, …shape], labels: int64 [B] }`; examples that do not fill a last batch sit out an epoch. */
export class ExampleBatches implements BatchSource {
  readonly #examples: Examples;
  readonly #shape: Shape;
  readonly #options: BatchOptions;
  readonly #augment: Augment | undefined;
  #batches: Batches;

  /** @throws ShapeError when labels and images do not match, RangeError when a batch is larger than the set */
  constructor(
    examples: Examples,
    { batchSize, seed, inputShape = examples.images.shape.slice(1), augment }: ExampleBatchesOptions,
  ) {
    this.#augment = augment;
    this.#examples = examples;
    this.#shape = inputShape;
    this.#options = { count: countExamples(examples, inputShape), batchSize, seed, last: "drop" };
    this.#batches = new Batches(this.#options);
  }

  get batchesPerEpoch(): number {
    return this.#batches.perEpoch;
  }

  next(): Batch {
    const { indices, epoch, index } = this.#batches.next();
    const { x, labels } = gatherExamples(this.#examples, indices, this.#shape);
    if (!this.#augment) return { feeds: { x, labels }, indices, epoch };
    const place = epoch * this.batchesPerEpoch + index;
    const random = new Random((this.#options.seed + 1 + place) % 2 ** 53); // seeds in a row give unrelated streams
    return { feeds: { x: this.#augment(x, random), labels }, indices, epoch };
  }

  get state(): BatchState {
    return this.#batches.state;
  }

  restore(state: unknown): void {
    const { options, random } = (state ?? {}) as Partial<BatchState>;
    if (!options || !random)
      throw new Error(`resume: the checkpoint's place in the data is ${JSON.stringify(state)}, which is not one`);
    this.#batches = Batches.resume(this.#options, state as BatchState);
  }
}

/**
 * Number of examples, after checking that every image is of `inputShape` (or has as many elements) and has a label.
 *
 * @throws ShapeError otherwise
 */
export function countExamples({ images, labels }: Examples, inputShape: Shape): number {
  const [count = 0, ...shape] = images.shape;
  if (images.dtype !== "float32" || sizeOf(shape) !== sizeOf(inputShape) || images.shape.length < 2) {
    throw new ShapeError(
      `images are ${images.dtype} ${formatShape(images.shape)}; expected float32 [M, ${inputShape.join(", ")}]`,
    );
  }
  if (count === 0) throw new ShapeError("there are no images");
  if (labels.shape.length !== 1 || labels.shape[0] !== count)
    throw new ShapeError(`labels are ${formatShape(labels.shape)}; expected [${count}], one for each image`);
  return count;
}

/** @throws RangeError naming the first label outside [0, classes) */
export function checkLabels({ labels }: Examples, classes: number): void {
  for (let i = 0; i < labels.data.length; i++) {
    const label = Number(labels.data[i]);
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(`labels: number ${i} is ${label}; expected an integer from 0 to ${classes - 1}`);
  }
}

/** All examples, in order, as chunks `{ x, labels }` of at most `size`; made one by one as they are asked for. */
export function* exampleChunks(
  examples: Examples,
  { size, inputShape }: { size: number; inputShape: Shape },
): Iterable<Chunk> {
  const count = countExamples(examples, inputShape);
  for (let at = 0; at < count; at += size) {
    const indices = Uint32Array.from({ length: Math.min(size, count - at) }, (_, i) => at + i);
    yield { feeds: gatherExamples(examples, indices, inputShape), count: indices.length };
  }
}

/** The chosen examples as a batch: x float32 [B, …shape], labels int64 [B]. */
function gatherExamples(
  { images, labels }: Examples,
  indices: ArrayLike<number>,
  shape: Shape,
): { readonly x: Tensor<"float32">; readonly labels: Tensor<"int64"> } {
  const size = sizeOf(shape);
  const source = images.data as Float32Array;
  const x = new Float32Array(indices.length * size);
  const chosen = new BigInt64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    x.set(source.subarray(index * size, (index + 1) * size), i * size);
    chosen[i] = BigInt(labels.data[index]!);
  }
  return { x: tensor("float32", [indices.length, ...shape], x), labels: tensor("int64", [indices.length], chosen) };
}
