// A place to draw a digit, with a pointer or with the keyboard.
import { useEffect, useRef, useState } from "preact/hooks";
import { centreDigit } from "../../../run/adversarial/centre-digit.ts";
import { encodeDrawing, side } from "../../../run/adversarial/drawing-code.ts";
import { inkRgba } from "./raster.ts";

const size = 280;
const penWidth = 24; // of 280: about MNIST's two pixels of 28, before the digit is scaled
const step = 14;

interface DrawingPadProps {
  /** What is drawn, in MNIST's frame; null for nothing. */
  readonly pixels: Uint8Array | null;
  readonly chosen: boolean;
  readonly disabled: boolean;
  /** The drawing as text, after every stroke; null when it was cleared. */
  readonly onDraw: (code: string | null) => void;
}

/** Draws while a pointer is down; by keyboard, arrows move the pen and Space lowers or lifts it. */
export function DrawingPad({ pixels, chosen, disabled, onDraw }: DrawingPadProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const own = useRef<string | null>(null);
  const pen = useRef({ x: size / 2, y: size / 2, down: false });
  const [cursor, setCursor] = useState<{ x: number; y: number; down: boolean } | null>(null);
  const code = pixels ? encodeDrawing(pixels) : null;

  // What came from elsewhere (the address) is shown as it is; what was drawn here stays as it was drawn.
  useEffect(() => {
    if (code === own.current) return;
    own.current = code;
    wipe();
    if (pixels) showPixels(canvas.current!, pixels);
  }, [code]);

  function wipe() {
    canvas.current?.getContext("2d")?.clearRect(0, 0, size, size);
  }

  function line(x: number, y: number) {
    const context = canvas.current?.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    context.lineWidth = penWidth;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(pen.current.x, pen.current.y);
    context.lineTo(x, y);
    context.stroke();
  }

  function move(x: number, y: number) {
    if (pen.current.down) line(x, y);
    Object.assign(pen.current, { x, y });
  }

  function finish() {
    pen.current.down = false;
    const { data } = canvas.current!.getContext("2d", { willReadFrequently: true })!.getImageData(0, 0, size, size);
    const centred = centreDigit(
      Array.from({ length: size * size }, (_, i) => data[4 * i + 3]!),
      size,
    );
    own.current = centred && encodeDrawing(centred);
    if (own.current !== null) onDraw(own.current);
  }

  function clear() {
    wipe();
    own.current = null;
    if (chosen) onDraw(null);
  }

  const at = (event: PointerEvent): [number, number] => {
    const box = canvas.current!.getBoundingClientRect();
    return [((event.clientX - box.left) * size) / box.width, ((event.clientY - box.top) * size) / box.height];
  };

  function onKeyDown(event: KeyboardEvent) {
    if (disabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const by = moves[event.key];
    const { x, y, down } = pen.current;
    if (by) move(clamp(x + by[0]), clamp(y + by[1]));
    else if (event.key === " " && down) finish();
    else if (event.key === " ") {
      pen.current.down = true;
      line(x, y);
    } else if (event.key === "Delete" || event.key === "Backspace") clear();
    else return;
    event.preventDefault();
    setCursor({ ...pen.current });
  }

  return (
    <div class={chosen ? "pad chosen" : "pad"}>
      <div class="pad-paper">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: arrows and Space draw, so a screen reader must let them through */}
        <canvas
          ref={canvas}
          class="ink"
          width={size}
          height={size}
          tabIndex={disabled ? -1 : 0}
          role="application"
          aria-label={`Drawing area${chosen ? ", your drawing is chosen" : ""}. Arrow keys move the pen, Space lowers and lifts it, Delete clears.`}
          onPointerDown={(event) => {
            if (disabled || event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            if (!chosen) wipe();
            const [x, y] = at(event);
            pen.current = { x, y, down: true };
            line(x, y);
          }}
          onPointerMove={(event) => {
            if (event.currentTarget.hasPointerCapture(event.pointerId)) move(...at(event));
          }}
          onPointerUp={(event) => {
            if (event.currentTarget.hasPointerCapture(event.pointerId)) finish();
          }}
          onPointerCancel={finish}
          onKeyDown={onKeyDown}
          onFocus={() => setCursor({ ...pen.current })}
          onBlur={() => {
            if (pen.current.down) finish();
            setCursor(null);
          }}
        />
        {cursor && (
          <span
            class={cursor.down ? "pen down" : "pen"}
            style={{ left: `${(100 * cursor.x) / size}%`, top: `${(100 * cursor.y) / size}%` }}
          />
        )}
        {!chosen && <span class="pad-hint">or draw one</span>}
      </div>
      <button type="button" class="plain-button" disabled={disabled || !chosen} onClick={clear}>
        Clear
      </button>
    </div>
  );
}

const clamp = (value: number) => Math.min(size, Math.max(0, value));

function showPixels(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const small = new OffscreenCanvas(side, side);
  small.getContext("2d")?.putImageData(new ImageData(inkRgba(pixels), side, side), 0, 0);
  canvas.getContext("2d")?.drawImage(small, 0, 0, size, size);
}
