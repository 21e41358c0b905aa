// Batches of labelled examples in a seeded order that a checkpoint can hold: the order of an epoch is drawn again from
// the generator's state at its start, so that the place in it is one number.
import { Random, type RandomState } from "@reprise/data";
import { formatShape, type Shape, ShapeError, sizeOf, type Tensor, tensor } from "@reprise/engine";

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

interface BatchState {
  readonly epoch: number;
  /** Batches of this epoch that were given out. */
  readonly position: number;
  /** The generator at the start of this epoch. */
  readonly random: RandomState;
  /** Number of examples and of examples in a batch, to refuse the state of another run. */
  readonly examples: number;
  readonly batchSize: number;
}

export interface ExampleBatchesOptions {
  readonly batchSize: number;
  readonly random: Random;
  /** Shape of one image in the batch; that of `images` when absent. */
  readonly inputShape?: Shape;
}

/** Shuffled batches `{ x: [B, …shape], labels: int64 [B] }`; the examples that do not fill a last batch sit out an epoch. */
export class ExampleBatches implements BatchSource {
  readonly batchesPerEpoch: number;
  readonly #examples: Examples;
  readonly #shape: Shape;
  readonly #batchSize: number;
  #random: Random;
  #start: RandomState;
  #order: Uint32Array;
  #epoch = 0;
  #position = 0;

  /** @throws ShapeError when labels and images do not match or a batch is larger than the set */
  constructor(
    examples: Examples,
    { batchSize, random, inputShape = examples.images.shape.slice(1) }: ExampleBatchesOptions,
  ) {
    const count = countExamples(examples, inputShape);
    if (batchSize > count) throw new ShapeError(`batch size ${batchSize} is above the ${count} examples there are`);
    this.batchesPerEpoch = Math.floor(count / batchSize);
    this.#examples = examples;
    this.#shape = inputShape;
    this.#batchSize = batchSize;
    this.#random = random;
    this.#start = random.state;
    this.#order = random.permutation(count);
  }

  next(): Batch {
    if (this.#position === this.batchesPerEpoch) {
      this.#epoch++;
      this.#position = 0;
      this.#start = this.#random.state;
      this.#order = this.#random.permutation(this.#order.length);
    }
    const at = this.#position++ * this.#batchSize;
    const indices = this.#order.slice(at, at + this.#batchSize);
    return { feeds: gatherExamples(this.#examples, indices, this.#shape), indices, epoch: this.#epoch };
  }

  get state(): BatchState {
    return {
      epoch: this.#epoch,
      position: this.#position,
      random: this.#start,
      examples: this.#order.length,
      batchSize: this.#batchSize,
    };
  }

  restore(state: unknown): void {
    const { epoch, position, random, examples, batchSize } = (state ?? {}) as Partial<BatchState>;
    const counts = Number.isInteger(epoch) && Number.isInteger(position) && position! >= 0;
    if (!counts || position! > this.batchesPerEpoch || !random)
      throw new Error(`resume: the checkpoint's place in the data is ${JSON.stringify(state)}, which is not one`);
    if (examples !== this.#order.length || batchSize !== this.#batchSize) {
      throw new Error(
        `resume: the checkpoint was made on ${examples} examples in batches of ${batchSize}, this run has ${this.#order.length} in batches of ${this.#batchSize}; resume with the same data and batch size`,
      );
    }
    this.#start = random;
    this.#random = new Random(random);
    this.#order = this.#random.permutation(this.#order.length);
    this.#epoch = epoch!;
    this.#position = position!;
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
  if (count === 0) throw new ShapeError("images: there are none");
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

/** The chosen examples as a batch: x float32 [B, …shape], labels int64 [B]. */
export function gatherExamples(
  { images, labels }: Examples,
  indices: ArrayLike<number>,
  shape: Shape,
): Record<"x" | "labels", Tensor> {
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
