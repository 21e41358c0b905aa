// A picture of the reader's: it stays in the page.
import { useState } from "preact/hooks";
import type { NamedPicture } from "../../../run/mask-rcnn/segment.ts";
import { FileDrop } from "../../file-drop.tsx";
import type { ControlProps } from "../../panel.ts";
import { Canvas } from "./canvas.tsx";

const largestFile = 50e6;
/** The network looks at 128 pixels; this is what masks are drawn on. */
const longestSide = 512;

let given = 0;
let kept: { readonly key: string; readonly picture: NamedPicture } | undefined;

/** The picture under the value that stands for it. */
export const ownPhoto = (value: string): NamedPicture | undefined => (kept?.key === value ? kept.picture : undefined);

export const ownPhotoProblem = (value: string): string | null =>
  value === "" || ownPhoto(value) === undefined ? "Choose a picture: it stays in this page." : null;

export function OwnPhotoDrop({ value, onChange, disabled }: ControlProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const picture = ownPhoto(value);
  async function take(file: File) {
    try {
      const key = `p${++given}`;
      kept = { key, picture: await readPicture(file) };
      setProblem(null);
      onChange(key);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }
  return (
    <div class="own-photo">
      <FileDrop
        label={picture ? `Your picture: ${picture.name}. Choose another` : "Choose a picture"}
        accept="image/png,image/jpeg,image/webp"
        disabled={disabled}
        chosen={picture !== undefined}
        onFile={take}
      >
        {picture ? (
          <Canvas pixels={picture} alt={picture.name} />
        ) : (
          <span>
            Drop a picture here, or choose one. The network knows plain discs, squares and triangles only: a drawing of
            them works, a street does not. It stays in this page.
          </span>
        )}
      </FileDrop>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** @throws Error that says what is wrong with the file */
async function readPicture(file: File): Promise<NamedPicture> {
  if (file.size > largestFile)
    throw new Error(`${file.name} is ${Math.round(file.size / 1e6)} MB; a picture of at most 50 MB is taken.`);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is no picture that this browser reads. A PNG, JPEG or WebP file is expected.`);
  });
  const scale = Math.min(1, longestSide / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(scale * side))) as [
    number,
    number,
  ];
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { name: file.name, width, height, rgba: context.getImageData(0, 0, width, height).data };
}
