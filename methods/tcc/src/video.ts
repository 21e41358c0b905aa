// What is aligned: a row of frames, each an image or a vector of features.

export interface Sequence {
  /** For messages and results. */
  readonly name: string;
  /** [T, F] features or [T, H, W, C] images of bytes. */
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float32Array;
  /** Seconds at which each frame is shown, of video files. */
  readonly times?: Float64Array;
  /** The phase of each frame, from 0; supervised learning needs them. */
  readonly labels?: ArrayLike<number>;
}

export const frameCount = ({ shape }: Sequence): number => shape[0]!;

/** @throws RangeError naming the sequence, when it cannot be learnt from */
export function checkSequences(sequences: readonly Sequence[], { atLeast }: { readonly atLeast: number }): void {
  if (sequences.length < atLeast)
    throw new RangeError(`${sequences.length} given; expected ${atLeast} or more videos of the same action.`);
  const [first] = sequences as readonly [Sequence];
  for (const { name, shape, data } of sequences) {
    if (shape.length !== 2 && shape.length !== 4)
      throw new RangeError(
        `${name} has the shape [${shape.join(", ")}]; expected [frames, features] or [frames, height, width, channels].`,
      );
    if (shape[0]! < 2)
      throw new RangeError(`${name} has ${shape[0]} frame; there is nothing to align in fewer than 2.`);
    if (`${shape.slice(1)}` !== `${first.shape.slice(1)}`)
      throw new RangeError(
        `${name} has frames of [${shape.slice(1).join(", ")}], ${first.name} of [${first.shape.slice(1).join(", ")}]; they must be of one shape.`,
      );
    const at = data instanceof Float32Array ? data.findIndex((x) => !Number.isFinite(x)) : -1;
    if (at >= 0) {
      const frame = Math.floor(at / (data.length / shape[0]!));
      throw new RangeError(`${name} holds ${data[at]} in frame ${frame}; correct it or leave the file out.`);
    }
  }
}
