// RADAR (Li, Rakin, He, Fan, Chakrabarti, DATE 2021): two bits for each group of weights tell whether one of its high bits
// was flipped; a group that was is set to zero, which costs little accuracy where a flip costs all of it.
import { Random } from "@reprise/data";
import type { MemoryLayer } from "../memory.ts";
import { channelOf } from "../quantize.ts";
import type { WeightChange } from "../victim.ts";

/** What a defender keeps in memory that cannot be flipped. */
export interface Signatures {
  readonly kind: "reprise bit-flip signatures";
  /** Weights of a group. */
  readonly group: number;
  /** Decides which weights of a group count with a minus sign; secret, or two flips can be chosen to hide each other. */
  readonly key: number;
  readonly layers: readonly {
    readonly layer: string;
    readonly weights: number;
    /** Two bits a group, four groups a byte, in hexadecimal. */
    readonly signatures: string;
  }[];
}

/** A group whose signature is not what it was. */
export interface ChangedGroup {
  /** Place of the layer. */
  readonly layer: number;
  readonly name: string;
  /** Places of its weights. */
  readonly indices: readonly number[];
}

type Stored = Pick<MemoryLayer, "name" | "bits" | "shape" | "axis" | "values" | "zeroPoint">;

/** @throws RangeError for a group of no weights */
export function signaturesOf(
  layers: readonly Stored[],
  { group, key }: { readonly group: number; readonly key: number },
): Signatures {
  if (!(Number.isInteger(group) && group >= 1))
    throw new RangeError(`signatures: groups of ${group} weights; expected a whole number from 1 up.`);
  return {
    kind: "reprise bit-flip signatures",
    group,
    key,
    layers: layers.map((layer) => ({
      layer: layer.name,
      weights: layer.values.length,
      signatures: hexOf(packed(signatures(layer, group, key))),
    })),
  };
}

/**
 * The groups that differ from their signatures, in the order of layers.
 *
 * @throws RangeError when the signatures are of other layers
 */
export function changedGroups(layers: readonly Stored[], { group, key, layers: known }: Signatures): ChangedGroup[] {
  const differs = (stored: Stored | undefined, i: number) =>
    stored?.name !== known[i]?.layer || stored?.values.length !== known[i]?.weights;
  const other = layers.length === known.length ? layers.findIndex(differs) : 0;
  if (other >= 0)
    throw new RangeError(
      `signatures: they are of ${known.length} layers, of which ${known[other]?.layer} has ${known[other]?.weights} weights; the model has ${layers.length}, and ${layers[other]?.name} has ${layers[other]?.values.length}. They belong to another model.`,
    );
  return layers.flatMap((layer, place) => {
    const groups = groupsOf(layer.values.length, group);
    const now = packed(signatures(layer, group, key));
    const then = bytesOf(known[place]!.signatures);
    const changed: ChangedGroup[] = [];
    for (let g = 0; g < groups; g++) {
      const shift = 2 * (g % 4);
      if ((((now[g >> 2]! ^ then[g >> 2]!) >> shift) & 3) === 0) continue;
      const indices = Array.from({ length: Math.ceil((layer.values.length - g) / groups) }, (_, k) => g + k * groups);
      changed.push({ layer: place, name: layer.name, indices });
    }
    return changed;
  });
}

/** All weights of the groups set to zero. @throws RangeError for weights of one bit, which have none */
export function zeroed(layers: readonly Stored[], groups: readonly ChangedGroup[]): WeightChange[] {
  return groups.flatMap(({ layer, indices }) => {
    const { name, bits, shape, axis = 0, zeroPoint = [0] } = layers[layer]!;
    if (bits === 1)
      throw new RangeError(`recover: weights of "${name}" have one bit, and none of their values is zero.`);
    const channel = channelOf(shape, axis, zeroPoint.length);
    return indices.map((index) => ({ layer, index, value: zeroPoint[channel(index)]! }));
  });
}

/** Bytes of all signatures. */
export function signatureBytes({ layers, group }: Signatures): number {
  return layers.reduce((sum, { weights }) => sum + Math.ceil(groupsOf(weights, group) / 4), 0);
}

/** Weights of a group lie apart in memory, so that flips of neighbours fall into different groups. */
const groupsOf = (weights: number, group: number): number => Math.ceil(weights / group);

/** ⌊M/2^N⌋ mod 2 and ⌊M/2^(N−1)⌋ mod 2 of each group's sum M, whose terms have the key's signs. */
function signatures({ bits, values }: Stored, group: number, key: number): Uint8Array {
  const groups = groupsOf(values.length, group);
  const random = new Random(key);
  const sign = Array.from({ length: group }, () => (random.uniform() < 0.5 ? -1 : 1));
  const sums = new Float64Array(groups);
  for (let index = 0; index < values.length; index++)
    sums[index % groups]! += sign[Math.floor(index / groups)]! * values[index]!;
  const bit = (sum: number, place: number) => ((Math.floor(sum / 2 ** place) % 2) + 2) % 2;
  return Uint8Array.from(sums, (sum) => 2 * bit(sum, bits) + bit(sum, bits - 1));
}

function packed(signatures: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(signatures.length / 4));
  for (const [g, signature] of signatures.entries()) bytes[g >> 2]! |= signature << (2 * (g % 4));
  return bytes;
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
