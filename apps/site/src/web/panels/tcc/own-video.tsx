// A video of the reader's: its frames are taken by a video element, in this page; it goes nowhere.
import { useState } from "preact/hooks";
import type { PairVideo } from "../../../run/tcc/align-pair.ts";
import { ownVideo } from "../../../run/tcc/inputs.ts";
import { FileDrop } from "../../file-drop.tsx";
import type { ControlProps } from "../../panel.ts";

const kept = new Map<string, PairVideo>();

/** The video under the value that stands for it. */
export const videoOf = (value: string): PairVideo | undefined => kept.get(value);

export const videoProblem = (value: string): string | null =>
  kept.has(value) ? null : "Choose a video file: it stays in this page.";

export function VideoDrop({ value, onChange, disabled }: ControlProps) {
  const [state, setState] = useState<string | null>(null);
  const video = kept.get(value);
  async function take(file: File) {
    setState(`reading ${file.name} …`);
    try {
      const read = await readFrames(file, (done, total) =>
        setState(`reading ${file.name}: ${done} of ${total} frames`),
      );
      const key = `v${kept.size + 1}`;
      kept.set(key, read);
      setState(null);
      onChange(key);
    } catch (error) {
      setState(error instanceof Error ? error.message : String(error));
    }
  }
  return (
    <FileDrop
      label={video ? `${video.name}. Choose another` : "Choose a video file"}
      accept="video/*"
      disabled={disabled}
      chosen={video !== undefined}
      onFile={take}
    >
      {video && state === null ? (
        <b>
          {video.name}, {video.shown.shape[0]} frames
        </b>
      ) : (
        <span>{state ?? "Drop a video of some seconds here, or choose one. It stays in this page."}</span>
      )}
    </FileDrop>
  );
}

/** @throws Error in the reader's words */
export async function readFrames(file: File, onProgress: (done: number, total: number) => void): Promise<PairVideo> {
  const address = URL.createObjectURL(file);
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  try {
    // A file without pictures never gets as far as "loadeddata".
    await event(video, "loadedmetadata", () => {
      video.src = address;
    }).catch(() => {
      throw new Error(`${file.name} is no video that this browser can play. Mp4 with H.264 and webm mostly are.`);
    });
    const { duration, videoWidth, videoHeight } = video;
    if (!videoWidth || !videoHeight) throw new Error(`${file.name} has no picture.`);
    if (!Number.isFinite(duration)) throw new Error(`${file.name} does not say how long it is; write it anew as mp4.`);
    const { frames, perSecond, seen: side, shown: most } = ownVideo;
    if (duration * perSecond < 1.5) throw new Error(`${file.name} has a single picture; there is nothing to align.`);
    const count = Math.max(2, Math.min(frames, Math.floor(duration * perSecond)));
    const scale = most / Math.max(videoWidth, videoHeight);
    const size = {
      width: Math.max(8, Math.round(videoWidth * scale)),
      height: Math.max(8, Math.round(videoHeight * scale)),
    };
    const seen = new Uint8Array(count * side * side * 3);
    const shown = new Uint8Array(count * size.width * size.height * 3);
    for (let t = 0; t < count; t++) {
      await event(video, "seeked", () => {
        video.currentTime = Math.min(duration - 1e-3, ((t + 0.5) * duration) / count);
      }).catch(() => {
        throw new Error(`${file.name} is cut short or damaged: it cannot be read after frame ${t} of ${count}.`);
      });
      seen.set(rgbOf(video, side, side), t * side * side * 3);
      shown.set(rgbOf(video, size.width, size.height), t * size.width * size.height * 3);
      onProgress(t + 1, count);
    }
    return {
      name: file.name,
      seen: { name: file.name, shape: [count, side, side, 3], data: seen },
      shown: { shape: [count, size.height, size.width, 3], data: shown },
      framesPerSecond: count / duration,
      phases: null,
    };
  } finally {
    video.removeAttribute("src");
    URL.revokeObjectURL(address);
  }
}

function rgbOf(video: HTMLVideoElement, width: number, height: number): Uint8Array {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(video, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]!);
}

/** Begins something and waits for its event. */
function event(video: HTMLVideoElement, name: string, begin: () => void): Promise<void> {
  return new Promise((done, fail) => {
    const end = () => {
      video.removeEventListener(name, heard);
      video.removeEventListener("error", failed);
    };
    const heard = () => {
      end();
      done();
    };
    const failed = () => {
      end();
      fail(new Error(video.error?.message || "the video cannot be read"));
    };
    video.addEventListener(name, heard);
    video.addEventListener("error", failed);
    begin();
  });
}
