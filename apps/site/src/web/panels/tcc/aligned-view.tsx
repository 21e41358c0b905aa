// Two videos in step under one scrub bar; the similarity of all their frames; a frame's cycle; pairs that are set by hand.
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { type AlignResult, cycleOf } from "../../../run/tcc/align-pair.ts";
import type { AlignInputs } from "../../../run/tcc/inputs.ts";
import { momentOf, momentText, showMoment } from "./moment.ts";
import { framePixels, matrixPixels, type Pixels } from "./pixels.ts";
import { repath } from "./worker.ts";

type Pair = readonly [number, number];

interface Props {
  readonly result: AlignResult;
  readonly inputs: AlignInputs;
}

export function AlignedView({ result, inputs }: Props) {
  const { videos, embeddings } = result;
  const [initial] = useState(() => momentOf(inputs.moment, inputs));
  const [path, setPath] = useState(result.path);
  const [pins, setPins] = useState<readonly Pair[]>([]);
  /** Place on the path, and how far the second video is moved by hand. */
  const [place, setPlace] = useState(Math.min(initial.place, path.length - 1));
  const [moved, setMoved] = useState(initial.moved);
  const [playing, setPlaying] = useState(
    () => initial.place === 0 && !matchMedia("(prefers-reduced-motion: reduce)").matches,
  );
  const [loop, setLoop] = useState(initial.loop);
  const [problem, setProblem] = useState<string | null>(null);
  const scrub = useId();
  const end = path.length - 1;
  const ends = { from: Math.min(loop?.from ?? 0, end), to: Math.min(loop?.to ?? end, end) };

  useEffect(() => {
    if (!playing) return;
    // A step of the path advances at least one of the two videos; at the pace of the faster one.
    const every = 1000 / Math.max(...videos.map((video) => video.framesPerSecond));
    const timer = setInterval(() => setPlace((now) => (now >= ends.to ? ends.from : now + 1)), every);
    return () => clearInterval(timer);
  }, [playing, ends.from, ends.to, videos]);

  const [i, mapped] = path[Math.min(place, path.length - 1)]!;
  const last = videos[1].shown.shape[0]! - 1;
  const j = Math.max(0, Math.min(last, mapped + moved));
  const [there, back] = useMemo(() => cycleOf(result, i), [result, i]);
  const matrix = useMemo(() => matrixPixels({ ...result, path }), [result, path]);

  // A link holds the whole comparison of drawn videos; while they play, the place in it is of no use to anybody.
  useEffect(() => {
    if (inputs.source === "drawn" && !playing) showMoment(momentText(inputs, { pins, loop, place, moved }));
  }, [inputs, playing, pins, loop, place, moved]);
  useEffect(() => {
    if (initial.pins.length === 0) return;
    repath({ embeddings, through: initial.pins }).then(
      (changed) => {
        setPath(changed);
        setPins(initial.pins);
        setPlace(Math.min(initial.place, changed.length - 1));
      },
      (error: Error) => setProblem(error.message),
    );
  }, [initial, embeddings]);

  async function pin(next: readonly Pair[]) {
    try {
      const changed = await repath({ embeddings, through: next });
      const at = changed.findIndex(([a]) => a === i);
      setPath(changed);
      setPins(next);
      setLoop(null);
      setMoved(0);
      setPlace(Math.max(0, at));
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }
  function look(query: number, candidate: number) {
    setPlaying(false);
    const at = path.findIndex(([a]) => a === query);
    setPlace(Math.max(0, at));
    setMoved(candidate - path[Math.max(0, at)]![1]);
  }
  const step = (by: number) => {
    setPlaying(false);
    setMoved(Math.max(0, Math.min(last, j + by)) - mapped);
  };

  return (
    <section class="in-step" aria-label="The two videos in step">
      <div class="pair">
        {videos.map((video, which) => (
          <figure key={video.name}>
            <Picture
              pixels={framePixels(video, which === 0 ? i : j)}
              alt={`${video.name}, frame ${which === 0 ? i : j}`}
            />
            <figcaption>
              {video.name}, frame {which === 0 ? i : j} of {video.shown.shape[0]},{" "}
              {((which === 0 ? i : j) / video.framesPerSecond).toFixed(2)} s
            </figcaption>
          </figure>
        ))}
      </div>
      <p class="transport">
        <button type="button" onClick={() => setPlaying(!playing)}>
          {playing ? "Pause" : "Play"}
        </button>
        <label class="hidden" for={scrub}>
          Place on the path
        </label>
        <input
          id={scrub}
          type="range"
          min={0}
          max={path.length - 1}
          value={place}
          onInput={({ currentTarget }) => {
            setPlaying(false);
            setMoved(0);
            setPlace(Number(currentTarget.value));
          }}
        />
      </p>
      <p class="transport">
        <button type="button" onClick={() => step(-1)} disabled={j === 0}>
          Second video one frame back
        </button>
        <button type="button" onClick={() => step(1)} disabled={j === last}>
          One frame on
        </button>
        <button type="button" onClick={() => pin([...pins.filter(([a]) => a !== i), [i, j]])}>
          These two belong together
        </button>
        <button type="button" onClick={() => pin(pins.slice(0, -1))} disabled={pins.length === 0}>
          Undo the last
        </button>
      </p>
      <p class="transport">
        <button type="button" onClick={() => setLoop({ from: Math.min(place, path.length - 2), to: null })}>
          Loop from here
        </button>
        <button
          type="button"
          disabled={loop === null || place <= loop.from}
          onClick={() => {
            setLoop(loop && { ...loop, to: place });
            setPlaying(true);
          }}
        >
          … to here
        </button>
        <button type="button" disabled={loop === null} onClick={() => setLoop(null)}>
          The whole
        </button>
        <button type="button" onClick={() => savePair([framePixels(videos[0], i), framePixels(videos[1], j)])}>
          Save the pair (PNG)
        </button>
      </p>
      {problem !== null && <p class="panel-error">{problem}</p>}
      {pins.length > 0 && (
        <p role="status">Set together: {pins.map(([a, b]) => `${a} and ${b}`).join("; ")}. The path passes them.</p>
      )}
      <figure class="matrix">
        <Picture
          pixels={matrix}
          alt={`How alike the frames are: ${matrix.height} of the first video downwards, ${matrix.width} of the second to the right; the path through them in red`}
          mark={[j, i]}
          onPoint={(x, y) => look(y, x)}
        />
        <figcaption>
          How alike the frames are, dark where they are; in red the path. Click a place to see its two frames.
        </figcaption>
      </figure>
      <p class="cycle" role="status">
        The cycle of frame {i}: nearest in the second video is frame {there}, and nearest to that in the first is frame{" "}
        {back}.{" "}
        {back === i
          ? "The cycle closes."
          : `It misses by ${Math.abs(back - i)} ${Math.abs(back - i) === 1 ? "frame" : "frames"}.`}
      </p>
    </section>
  );
}

interface PictureProps {
  readonly pixels: Pixels;
  readonly alt: string;
  /** A point to be ringed. */
  readonly mark?: readonly [x: number, y: number];
  readonly onPoint?: (x: number, y: number) => void;
}

function Picture({ pixels: { width, height, rgba }, alt, mark, onPoint }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  }, [rgba, width, height]);
  return (
    <span class="picture">
      <canvas
        ref={canvas}
        width={width}
        height={height}
        role="img"
        aria-label={alt}
        onClick={({ currentTarget, offsetX, offsetY }) =>
          onPoint?.(
            Math.min(width - 1, Math.floor((offsetX / currentTarget.clientWidth) * width)),
            Math.min(height - 1, Math.floor((offsetY / currentTarget.clientHeight) * height)),
          )
        }
      />
      {mark && (
        <span
          class="mark"
          style={`left:${(100 * (mark[0] + 0.5)) / width}%;top:${(100 * (mark[1] + 0.5)) / height}%`}
        />
      )}
    </span>
  );
}

function savePair(pictures: readonly [Pixels, Pixels]): void {
  const scale = 4;
  const canvas = document.createElement("canvas");
  canvas.width = scale * pictures.reduce((sum, { width }) => sum + width, 0);
  canvas.height = scale * Math.max(...pictures.map(({ height }) => height));
  const context = canvas.getContext("2d")!;
  let x = 0;
  for (const { width, height, rgba } of pictures) {
    const own = new OffscreenCanvas(width, height);
    own.getContext("2d")!.putImageData(new ImageData(rgba, width, height), 0, 0);
    context.drawImage(own, x, 0, scale * width, scale * height);
    x += scale * width;
  }
  canvas.toBlob((blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "in-step.png";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
