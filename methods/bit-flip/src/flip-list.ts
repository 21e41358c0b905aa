// Flips as a file keeps them, and the same flips made and undone in the bytes of an ONNX file.
import { ModelError } from "@reprise/engine";
import { type FloatFormat, floatOf } from "./floats.ts";
import { rawOffsets, withRawNumbers } from "./onnx-file.ts";
import type { OnnxNetwork } from "./onnx-network.ts";
import type { BitFlip } from "./search.ts";

/** Where a flip is in a file: the byte from its start, and which of its bits change. */
export interface FlipAddress {
  readonly byte: number;
  /** The byte exclusive-or this is the flipped byte; several bits where an integer of fewer bits is stored in 8. */
  readonly mask: number;
}

/** A flip by names that do not depend on the order of layers. */
export interface NamedFlip {
  readonly layer: string;
  /** Place in the weight's own shape, row-major. */
  readonly index: number;
  /** 0 = least significant. */
  readonly bit: number;
  /** Integers; of a float its bits as an unsigned integer. */
  readonly before: number;
  readonly after: number;
  /** Of a float: the numbers before and after. */
  readonly floats?: { readonly before: number; readonly after: number };
  readonly address: FlipAddress;
}

/** The flips of one file, in their order. */
export interface FlipList {
  /** SHA-256 of the file before and after the flips, in hexadecimal. */
  readonly file: { readonly sha256: string; readonly flippedSha256: string };
  readonly flips: readonly NamedFlip[];
}

/** A file whose numbers lie one after the other, little-endian, and where each layer's begin. */
export interface FlippableFile {
  readonly bytes: Uint8Array;
  readonly layers: readonly {
    readonly name: string;
    readonly offset: number;
    /** Bytes of a number. */
    readonly width: number;
    readonly format?: FloatFormat;
  }[];
}

/** The file whose bytes the network's flips are; the same bytes unless its numbers were not stored as raw bytes. */
export function flippableFile(file: Uint8Array, { layers, initializers }: OnnxNetwork): FlippableFile {
  const arrays = initializers.map((name, i) => [name, layers[i]!.values] as const);
  const bytes = withRawNumbers(file, new Map(arrays));
  const offsets = rawOffsets(bytes);
  return {
    bytes,
    layers: layers.map(({ name, values, format }, i) => {
      const place = { name, offset: offsets.get(initializers[i]!)!, width: values.BYTES_PER_ELEMENT };
      return format ? { ...place, format } : place;
    }),
  };
}

/** The byte of a number that a bit is in. */
const byteOf = (value: number, bit: number) => (value >>> (8 * (bit >> 3))) & 255;

/** The flip with its layer's name and its place in the file. */
export function namedFlip({ layers }: FlippableFile, { layer, index, bit, before, after }: BitFlip): NamedFlip {
  const { name, offset, width, format } = layers[layer]!;
  const address = { byte: offset + index * width + (bit >> 3), mask: byteOf(before ^ after, bit) };
  const floats = format && { floats: { before: floatOf(before, format), after: floatOf(after, format) } };
  return { layer: name, index, bit, before, after, ...floats, address };
}

/**
 * The bytes with all flips made, or with `undo` taken back, last first.
 *
 * @throws ModelError when a byte is not what the list says
 */
export function flipped(
  file: Uint8Array,
  flips: readonly NamedFlip[],
  { undo = false, name = "model" }: { readonly undo?: boolean; readonly name?: string } = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(file);
  for (const { layer, index, bit, before, after, address } of undo ? flips.toReversed() : flips) {
    const [from, to] = undo ? [after, before] : [before, after];
    const found = bytes[address.byte];
    if (found !== byteOf(from, bit))
      throw new ModelError(
        `${name}: byte ${address.byte} (weight ${index} of "${layer}") is ${found ?? "past its end"}; the flip list expects ${byteOf(from, bit)}. It belongs to another file.`,
      );
    bytes[address.byte] = byteOf(to, bit);
  }
  return bytes;
}
