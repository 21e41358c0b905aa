// A picture of the reader's: chosen, dropped, or pasted anywhere in the page.
import { useEffect, useRef, useState } from "preact/hooks";
import { FileDrop } from "../../file-drop.tsx";
import { imageOf, keepImage } from "./own.ts";
import { readImage } from "./read-image.ts";

interface OwnImageProps {
  /** The value that stands for the picture, when it is the chosen one. */
  readonly value: string | null;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
}

export function OwnImageDrop({ value, disabled, onChange }: OwnImageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const image = value === null ? undefined : imageOf(value);
  const latest = useRef({ disabled, onChange });
  latest.current = { disabled, onChange };

  async function take(file: File) {
    try {
      const kept = keepImage(await readImage(file));
      setProblem(null);
      latest.current.onChange(kept);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (!file || latest.current.disabled) return;
      event.preventDefault();
      take(file);
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, []);

  useEffect(() => {
    if (image)
      canvas.current?.getContext("2d")?.putImageData(new ImageData(image.rgba, image.width, image.height), 0, 0);
  }, [image]);

  return (
    <div class="own-image">
      <FileDrop
        label={image ? `Your image: ${image.name}. Choose another` : "Choose an image of your own"}
        accept="image/png,image/jpeg,image/webp"
        disabled={disabled}
        chosen={image !== undefined}
        onFile={take}
      >
        {image ? (
          <canvas ref={canvas} width={image.width} height={image.height} />
        ) : (
          <span class="pad-hint">or drop, paste or choose an image</span>
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
