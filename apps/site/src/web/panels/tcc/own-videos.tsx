// Several short videos of the reader's, to learn from; they stay in this page.
import { useRef, useState } from "preact/hooks";
import type { PairVideo } from "../../../run/tcc/align-pair.ts";
import { FileDrop } from "../../file-drop.tsx";
import type { ControlProps } from "../../panel.ts";
import { readFrames } from "./own-video.tsx";

const [least, most] = [2, 10];
let clips: readonly PairVideo[] = [];
let made = 0;

/** The videos under the value that stands for them: always those that are listed. */
export const clipsOf = (value: string): readonly PairVideo[] => (value === "" ? [] : clips);

export const clipsProblem = (value: string): string | null =>
  clipsOf(value).length >= least ? null : `Drop ${least} to ${most} short videos of the same action.`;

export function VideosDrop({ value, onChange, disabled }: ControlProps) {
  const [state, setState] = useState<string | null>(null);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [shown, setShown] = useState(clipsOf(value));
  // One after the other: a browser that decodes ten videos at once drops frames.
  const queue = useRef(Promise.resolve());
  const waiting = useRef(0);
  const set = (next: readonly PairVideo[]) => {
    clips = next;
    setShown(next);
    onChange(next.length === 0 ? "" : `c${++made}`);
  };
  async function take(file: File) {
    try {
      if (clips.length >= most) throw new Error(`${file.name} is left out: ${most} videos are enough here.`);
      setState(`reading ${file.name} …`);
      const read = await readFrames(file, (done, total) =>
        setState(`reading ${file.name}: ${done} of ${total} frames`),
      );
      set([...clips, read]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      setProblems((before) => [...before, message]);
    } finally {
      if (--waiting.current === 0) setState(null);
    }
  }
  return (
    <div class="own-videos">
      <FileDrop
        label="Choose video files"
        accept="video/*"
        multiple
        disabled={disabled}
        chosen={shown.length > 0}
        onFile={(file) => {
          if (waiting.current++ === 0) setProblems([]);
          queue.current = queue.current.then(() => take(file));
        }}
      >
        <span>
          {state ?? `Drop ${least} to ${most} videos of some seconds here, or choose them. They stay in this page.`}
        </span>
      </FileDrop>
      {problems.map((problem) => (
        <p key={problem} class="panel-error" role="alert">
          {problem}
        </p>
      ))}
      {shown.length > 0 && (
        <ul>
          {shown.map((clip, i) => (
            <li key={i}>
              {clip.name}, {clip.shown.shape[0]} frames{" "}
              <button
                type="button"
                disabled={disabled || state !== null}
                aria-label={`Take ${clip.name} away`}
                onClick={() => set(shown.filter((_, k) => k !== i))}
              >
                Take away
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
