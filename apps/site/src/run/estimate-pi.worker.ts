// π from random points in a square: the smallest method there is, to try the panel shell with.
import { breathe, type RunContext, serveTasks } from "./serve-tasks.ts";

export interface PiParameters {
  readonly points: number;
  readonly seed: number;
  readonly shape: "disc" | "quarter";
}

export interface PiResult {
  readonly estimate: number;
  readonly inside: number;
  readonly points: number;
  /** One pixel per place that was hit: RGBA, [64, 64, 4]. */
  readonly picture: Uint8ClampedArray<ArrayBuffer>;
  /** [points so far, estimate so far] */
  readonly trace: readonly (readonly [number, number])[];
}

const side = 64;

const tasks = { estimate };
export type PiTasks = typeof tasks;
serveTasks(tasks);

async function estimate(
  { points, seed, shape }: PiParameters,
  { signal, progress }: RunContext<number>,
): Promise<PiResult> {
  if (seed === 13) throw new Error("seed 13 is the one that this demonstration refuses: choose another");
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator: fine for a picture
    return state / 2 ** 32;
  };
  const picture = new Uint8ClampedArray(side * side * 4);
  const trace: [number, number][] = [];
  let inside = 0;
  const chunk = Math.max(1000, Math.round(points / 100));
  for (let done = 0; done < points; ) {
    const end = Math.min(points, done + chunk);
    for (; done < end; done++) {
      const [u, v] = [random(), random()];
      const hit = shape === "disc" ? (u - 0.5) ** 2 + (v - 0.5) ** 2 <= 0.25 : u * u + v * v <= 1;
      if (hit) inside++;
      const at = 4 * (Math.floor(v * side) * side + Math.floor(u * side));
      picture.set(hit ? [163, 48, 26, 255] : [218, 210, 191, 255], at);
    }
    trace.push([done, (4 * inside) / done]);
    progress({ done, total: points, text: `${done.toLocaleString("en")} points`, partial: (4 * inside) / done });
    await breathe();
    signal.throwIfAborted();
  }
  return { estimate: (4 * inside) / points, inside, points, picture, trace };
}
