// Learning from drawings of a letter, or from short videos, while the reader looks on, and one cycle hop by hop.
import { Random } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import {
  alignmentTau,
  type CycleTrace,
  embed,
  encoderOf,
  type Frames,
  rawFrames,
  type Sequence,
  traceCycle,
  train,
  untrained,
} from "@reprise/tcc";
import { type CycleInputs, cycleFrames } from "./inputs.ts";
import { principalComponents } from "./principal-components.ts";

/** What can be shown while it learns. */
export interface Learning {
  readonly losses: readonly (readonly [step: number, loss: number])[];
  readonly taus: readonly (readonly [step: number, tau: number])[];
}

export interface LearntResult extends Learning {
  readonly what: "drawings" | "videos";
  readonly sequences: number;
  readonly heldOut: boolean;
  readonly step: number;
  /** Kendall's τ: of what was learnt, of drawn weights, of the pen's places as they are. */
  readonly tau: { readonly learnt: number | null; readonly drawn: number | null; readonly raw: number | null };
  /** Embeddings of a few drawings on their first two principal components, frame by frame. */
  readonly trajectories: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
  /** The paths of the same drawings; none of videos. */
  readonly paths: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
  readonly seconds: number;
}

export interface LearnContext {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly progress: (progress: { done: number; total: number; text: string; partial?: Learning }) => void;
  readonly breathe: () => Promise<void>;
}

const mostShown = 5;

/** @param given  drawings [T, 2] or videos [T, H, W, 3]; of eight or more the last quarter only judges */
export async function learnFrom(
  given: readonly Sequence[],
  { steps, seed }: { readonly steps: number; readonly seed: number },
  { runtime, signal, progress, breathe }: LearnContext,
): Promise<LearntResult> {
  const begun = performance.now();
  const apart = given.length >= 8 ? Math.max(2, Math.floor(given.length / 4)) : 0;
  const own = given.slice(0, given.length - apart);
  const others = apart > 0 ? given.slice(-apart) : given;
  const areDrawings = given[0]!.shape.length === 2;
  const encoder = areDrawings ? "mlp" : "small";
  const losses: [number, number][] = [];
  const taus: [number, number][] = [];
  const model = await train(runtime, own, {
    settings: { encoder, steps, seed, validateEvery: Math.max(10, Math.round(steps / 10)) },
    heldOut: others,
    signal,
    async onProgress(event) {
      if (event.kind === "checkpoint") return;
      if (event.kind === "step") losses.push([event.done, event.loss]);
      else if (event.tau !== null) taus.push([event.done, event.tau]);
      const tau = taus.at(-1)?.[1];
      const text = `step ${event.done}${tau === undefined ? "" : `, τ ${tau.toFixed(2)}`}`;
      const partial = { losses: thinned(losses), taus: [...taus] };
      progress({ done: event.done, total: event.total, text, partial });
      await breathe();
      signal.throwIfAborted();
    },
  });
  const learnt = encoderOf(model.spec);
  const embedded = await embed(runtime, learnt, model.parameters, others, { signal });
  const drawn = untrained(own, { encoder, seed });
  const random = await embed(runtime, encoderOf(drawn.spec), drawn.parameters, others, { signal });
  const shown = embedded.slice(0, mostShown);
  return {
    losses: thinned(losses),
    taus,
    what: areDrawings ? "drawings" : "videos",
    sequences: own.length,
    heldOut: apart > 0,
    step: model.step,
    tau: {
      learnt: alignmentTau(embedded).tau,
      drawn: alignmentTau(random).tau,
      raw: alignmentTau(others.map(rawFrames)).tau,
    },
    trajectories: principalComponents(shown).map((points, i) => ({ name: others[i]!.name, points })),
    paths: (areDrawings ? others : []).slice(0, mostShown).map(({ name, data, shape }) => ({
      name,
      points: Array.from({ length: shape[0]! }, (_, t) => [data[2 * t]!, -data[2 * t + 1]!] as const),
    })),
    seconds: (performance.now() - begun) / 1000,
  };
}

/** At most a hundred points of a curve, each the mean of its stretch. */
function thinned(points: readonly (readonly [number, number])[]): [number, number][] {
  const each = Math.ceil(points.length / 100);
  if (each <= 1) return points.map(([x, y]) => [x, y]);
  return Array.from({ length: Math.floor(points.length / each) }, (_, i) => {
    const stretch = points.slice(i * each, (i + 1) * each);
    return [stretch.at(-1)![0], stretch.reduce((sum, [, y]) => sum + y, 0) / stretch.length];
  });
}

export interface CycleResult extends Pick<CycleTrace, "truth" | "mu" | "variance" | "loss"> {
  readonly alpha: readonly number[];
  readonly beta: readonly number[];
  readonly softNeighbour: readonly [number, number];
  /** Embeddings of the two videos, two numbers a frame. */
  readonly videos: readonly [readonly (readonly [number, number])[], readonly (readonly [number, number])[]];
}

/** Two made-up videos whose embeddings lie in a plane, and one cycle between them. */
export function oneCycle({ start, temperature, seed }: CycleInputs): CycleResult {
  const random = new Random(seed);
  const [U, V] = cycleFrames.map((count, which) =>
    Array.from({ length: count }, (_, t): [number, number] => {
      const p = (t / (count - 1)) ** (which === 0 ? 1 : 1.5); // the second hurries at its end
      const angle = Math.PI * (1.15 - 1.3 * p);
      const far = 1 + 0.1 * which + 0.04 * random.normal();
      return [far * Math.cos(angle) + 0.03 * random.normal(), far * Math.sin(angle) + 0.03 * random.normal()];
    }),
  ) as [[number, number][], [number, number][]];
  const framesOf = (points: [number, number][]): Frames => ({ shape: [points.length, 2], data: points.flat() });
  const trace = traceCycle(
    [framesOf(U), framesOf(V)],
    { videos: [0, 1], start },
    { loss: "regression-mse-var", temperature, varianceEps: 1e-6 },
  );
  const { truth, mu, variance, loss } = trace;
  return {
    ...{ truth, mu, variance, loss },
    alpha: [...trace.alpha],
    beta: Array.from(trace.logBeta, Math.exp),
    softNeighbour: [trace.softNeighbour[0]!, trace.softNeighbour[1]!],
    videos: [U, V],
  };
}
