// Pictures to learn from, by their numbers: generated ones without end, or those of a data set.
import { Random } from "@reprise/data";
import { type ShapesOptions, type ShapesPicture, shapesPicture } from "./shapes.ts";

export interface Examples {
  /** null where there is no end. */
  readonly count: number | null;
  /** What messages call a picture. */
  name(index: number): string;
  read(index: number): Promise<ShapesPicture>;
}

/** Generated pictures: number i of a seed is always the same. */
export function shapesExamples(seed: number, options: ShapesOptions = {}): Examples {
  return {
    count: null,
    name: (index) => `shapes ${seed}:${index}`,
    read: async (index) => shapesPicture(drawAt(seed, index), options),
  };
}

/** A generator for one number of a seed. */
export const drawAt = (seed: number, index: number): Random => new Random((seed * 0x1_0000_0001 + index) % 2 ** 53);

/** The numbers of a step's pictures: in a new order each time all were seen. */
export function indicesAt(examples: Examples, step: number, batchSize: number, seed: number): number[] {
  const { count } = examples;
  const orders = new Map<number, Uint32Array>();
  return Array.from({ length: batchSize }, (_, i) => {
    const at = step * batchSize + i;
    if (count === null) return at;
    const epoch = Math.floor(at / count);
    if (!orders.has(epoch)) orders.set(epoch, drawAt(seed, epoch).permutation(count));
    return orders.get(epoch)![at % count]!;
  });
}

/** COCO's seventeen keypoints of a person: the nose, then left and right by turns. */
const exchanged = (j: number, J: number) => (J !== 17 || j === 0 ? j : j % 2 ? j + 1 : j - 1);

function mirroredKeypoints(keypoints: Float32Array, width: number): Float32Array {
  const J = keypoints.length / 3;
  return Float32Array.from(keypoints, (_, i) => {
    const from = 3 * exchanged(Math.floor(i / 3), J);
    const value = keypoints[from + (i % 3)]!;
    return i % 3 === 0 && keypoints[from + 2]! > 0 ? width - value : value;
  });
}

/** Left and right exchanged; of keypoints too where they are COCO's of a person, others keep their names. */
export function mirrored({ picture, targets }: ShapesPicture): ShapesPicture {
  const { height, width } = picture;
  const turned = (plane: Uint8Array) => {
    const out = new Uint8Array(plane.length);
    for (let at = 0; at < plane.length; at++) out[at - (at % width) + width - 1 - (at % width)] = plane[at]!;
    return out;
  };
  return {
    picture: { data: turned(picture.data), height, width },
    targets: {
      boxes: targets.boxes.map((value, i) => {
        const side = i % 4;
        return side % 2 ? value : width - targets.boxes[i - side + (2 - side)]!;
      }),
      labels: targets.labels,
      masks: targets.masks.map(turned),
      ...(targets.keypoints ? { keypoints: targets.keypoints.map((own) => mirroredKeypoints(own, width)) } : {}),
    },
  };
}
