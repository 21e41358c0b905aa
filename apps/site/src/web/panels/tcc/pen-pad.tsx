// A pad to draw a letter on, several times: each stroke of the pen is one drawing.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Drawing } from "../../../run/tcc/letters.ts";
import type { ControlProps } from "../../panel.ts";

let drawings: readonly Drawing[] = [];
let made = 0;
const least = 3;

/** The drawings under the value that stands for them: always those that are on the pad. */
export const drawingsOf = (value: string): readonly Drawing[] => (value === "" ? [] : drawings);

export const drawingsProblem = (value: string): string | null =>
  drawingsOf(value).length >= least ? null : `Draw the same letter ${least} times or more, each in one stroke.`;

export function PenPad({ value, onChange, disabled, labelledBy }: ControlProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stroke = useRef<{ x: number[]; y: number[]; t: number[] } | null>(null);
  const [count, setCount] = useState(drawingsOf(value).length);

  useEffect(() => paint(canvas.current, drawings), []);

  const place = (event: PointerEvent) => {
    const own = stroke.current;
    const box = canvas.current!.getBoundingClientRect();
    own?.x.push((event.clientX - box.left) / box.width);
    own?.y.push((event.clientY - box.top) / box.height);
    own?.t.push(event.timeStamp);
  };
  const set = (next: readonly Drawing[]) => {
    drawings = next;
    setCount(next.length);
    paint(canvas.current, next);
    onChange(next.length === 0 ? "" : `d${++made}`);
  };
  return (
    <div class="pen-pad">
      <canvas
        ref={canvas}
        width={240}
        height={240}
        aria-labelledby={labelledBy}
        onPointerDown={(event) => {
          if (disabled) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          stroke.current = { x: [], y: [], t: [] };
          place(event);
        }}
        onPointerMove={(event) => {
          if (!stroke.current) return;
          place(event);
          paint(canvas.current, [stroke.current]);
        }}
        onPointerUp={() => {
          const own = stroke.current;
          stroke.current = null;
          if (own && own.t.at(-1)! - own.t[0]! >= 150) set([...drawings, own]);
          else paint(canvas.current, drawings);
        }}
      />
      <p>
        {count} {count === 1 ? "drawing" : "drawings"}{" "}
        <button type="button" disabled={disabled || count === 0} onClick={() => set(drawings.slice(0, -1))}>
          Take the last away
        </button>
      </p>
    </div>
  );
}

/** The last drawing black, those before it pale. */
function paint(canvas: HTMLCanvasElement | null, all: readonly Drawing[]): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.lineWidth = 3;
  context.lineCap = "round";
  context.strokeStyle = getComputedStyle(canvas).color;
  for (const [k, { x, y }] of all.entries()) {
    context.globalAlpha = k === all.length - 1 ? 1 : 0.2;
    context.beginPath();
    for (const [i, own] of x.entries()) context.lineTo(own * canvas.width, y[i]! * canvas.height);
    context.stroke();
  }
}
