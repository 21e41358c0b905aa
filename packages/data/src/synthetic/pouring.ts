// Videos of a hand that pours from a bottle into a cup, drawn from a seed: the same five phases at other speeds, in other
// places and colours, with the phase and the progress of every frame known.
import { Random } from "../random.ts";
import { drawPose, drawScene, type Nuisances, poseAt } from "./pouring-scene.ts";

export type PouringLevel = "easy" | "medium" | "hard";

export const pouringPhases = ["reach", "lift", "pour", "place", "recede"] as const;

/** Of each level: how videos differ. */
const levels: Readonly<Record<PouringLevel, Nuisances>> = {
  easy: {
    mirror: 0,
    shift: 0.02,
    zoom: 0.03,
    background: false,
    clutter: 0,
    noise: 0.01,
    shake: 0,
    light: 0,
    pause: 0,
    speed: 0.3,
    opaque: 0,
  },
  medium: {
    mirror: 0,
    shift: 0.08,
    zoom: 0.12,
    background: true,
    clutter: 3,
    noise: 0.02,
    shake: 0.005,
    light: 0.08,
    pause: 0.3,
    speed: 0.8,
    opaque: 0,
  },
  hard: {
    mirror: 0.5,
    shift: 0.12,
    zoom: 0.2,
    background: true,
    clutter: 6,
    noise: 0.03,
    shake: 0.012,
    light: 0.2,
    pause: 0.6,
    speed: 1.2,
    opaque: 0.2,
  },
};

export interface PouringVideo {
  /** Bytes [T, size, size, 3]. */
  readonly frames: Uint8Array;
  readonly shape: readonly [frames: number, height: number, width: number, channels: 3];
  /** The phase of each frame, by its place in `pouringPhases`. */
  readonly labels: Uint8Array;
  /** Phase and the share of it that is over, of each frame. */
  readonly progress: Float64Array;
}

export interface PouringOptions {
  readonly seed: number;
  readonly level?: PouringLevel;
  /** Pixels of a side. */
  readonly size?: number;
}

/** One video. @throws RangeError for a size below 8 */
export function pouringVideo({ seed, level = "medium", size = 48 }: PouringOptions): PouringVideo {
  if (!Number.isInteger(size) || size < 8)
    throw new RangeError(`pouringVideo: size is ${size}; expected whole pixels, 8 or more`);
  const nuisances = levels[level];
  const random = new Random(seed);
  const scene = drawScene(random.fork(), nuisances);
  const moments = drawMoments(random.fork(), nuisances);
  const camera = random.fork();
  const noise = random.fork();
  const T = moments.length;
  const bytes = size * size * 3;
  const frames = new Uint8Array(T * bytes);
  for (const [t, { phase, p }] of moments.entries()) {
    const place = [camera.normal(0, nuisances.shake), camera.normal(0, nuisances.shake)] as const;
    const light = scene.gain * (1 + scene.drift * (T > 1 ? t / (T - 1) - 0.5 : 0));
    drawPose(scene, poseAt(phase, p), place, size).write(
      frames.subarray(t * bytes, (t + 1) * bytes),
      (value) => value * light + noise.normal(0, 255 * nuisances.noise),
    );
  }
  return {
    frames,
    shape: [T, size, size, 3],
    labels: Uint8Array.from(moments, ({ phase }) => phase),
    progress: Float64Array.from(moments, ({ phase, p }) => phase + p),
  };
}

/** `count` videos, each with a seed of its own. */
export function pouringVideos(count: number, { seed, ...options }: PouringOptions): PouringVideo[] {
  const seeds = new Random(seed);
  return Array.from({ length: count }, () => pouringVideo({ ...options, seed: seeds.uint32() }));
}

/** How long each phase takes, with pauses between them. */
function drawMoments(random: Random, { speed, pause }: Nuisances): { phase: number; p: number }[] {
  const moments: { phase: number; p: number }[] = [];
  for (const [phase, mean] of [10, 12, 18, 12, 10].entries()) {
    const length = Math.max(4, Math.round(mean * Math.exp(speed * 0.35 * random.normal())));
    for (let i = 0; i < length; i++) moments.push({ phase, p: i / (length - 1) });
    const held = random.uniform() < pause ? 3 + random.integer(6) : 0;
    for (let i = 0; i < held; i++) moments.push({ phase, p: 1 });
  }
  return moments;
}
