// CIFAR-10 and CIFAR-100 in their binary form (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): records of
// one or two label bytes and 3,072 bytes of pixels, the red plane, the green, the blue, each 32 × 32, row-major.
import { DataError } from "./error.ts";
import { type NdArray, ndArray } from "./nd-array.ts";

const pixelBytes = 3 * 32 * 32;

/** Names of the ten classes of CIFAR-10, in the order of their labels. */
export const cifar10Classes = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
] as const;

/**
 * Images and labels of one binary file, such as data_batch_1.bin or test_batch.bin.
 *
 * @param source         the user's name of the file, for messages
 * @param options.kind   "cifar10" (default), or "cifar100", whose fine label (0…99) is taken, not the coarse one
 * @returns images [N, 3, 32, 32], 0…255 (`unitFloat` gives floats), labels [N]
 * @throws DataError if the file is not a whole number of records, or a label is out of range
 */
export function decodeCifar(
  bytes: Uint8Array,
  source: string,
  { kind = "cifar10" }: { kind?: "cifar10" | "cifar100" } = {},
): { readonly images: NdArray<"uint8">; readonly labels: NdArray<"int32"> } {
  const [labelBytes, classes] = kind === "cifar10" ? [1, 10] : [2, 100];
  const record = labelBytes + pixelBytes;
  const count = bytes.length / record;
  if (!Number.isInteger(count) || count === 0)
    throw new DataError(
      source,
      `has ${bytes.length} bytes; the binary form of ${kind} is records of ${record} bytes, at least one. It is cut short, packed, or of another form.`,
    );
  const images = new Uint8Array(count * pixelBytes);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * record + labelBytes;
    const label = bytes[start - 1]!;
    if (label >= classes)
      throw new DataError(source, `label ${i} is ${label}; expected 0 to ${classes - 1}. Is it ${kind}?`);
    labels[i] = label;
    images.set(bytes.subarray(start, start + pixelBytes), i * pixelBytes);
  }
  return { images: ndArray("uint8", [count, 3, 32, 32], images), labels: ndArray("int32", [count], labels) };
}
