// What all ways of reading a video share: which frames are kept, and in which size.
import type { VideoFrames } from "./video-size.ts";

export interface VideoFile extends VideoFrames {
  /** Seconds from the beginning at which each frame is shown. */
  readonly times: Float64Array;
}

export interface ReadVideoOptions {
  /** Every frame is brought to it; the file's own if left out. Without a width the sides stay to each other as they are. */
  readonly size?: { readonly width?: number; readonly height: number };
  /** Frames a second that are kept, for files that have more; all if left out. */
  readonly framesPerSecond?: number;
  /** Videos that would take more memory are refused before they are decoded. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number | null }) => void;
}

export function sizeOf(ownWidth: number, ownHeight: number, { size }: Pick<ReadVideoOptions, "size">) {
  const { height = ownHeight, width = Math.max(1, Math.round((height * ownWidth) / ownHeight)) } = size ?? {};
  return { width, height };
}

/**
 * Whether the next frame is kept at a rate: the first frame of each slot of time is, so that a video of a varying rate
 * keeps its pace. A tenth of a slot is let pass, because containers round times.
 */
export function dueFrames(rate: number | undefined): (seconds: number) => boolean {
  let first: number | undefined;
  let last = -1;
  return (seconds) => {
    if (rate === undefined) return true;
    first ??= seconds;
    const slot = Math.floor((seconds - first) * rate + 0.1);
    if (slot <= last) return false;
    last = slot;
    return true;
  };
}
