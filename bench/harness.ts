// Two sides measured alternately in one process' time: what the machine does to one it does to the other.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DifferentiableClassifier } from "@reprise/adversarial";

/** One side of a comparison. */
export interface Side {
  readonly name: string;
  /** Does the work once and returns the seconds it took. */
  run(): Promise<number>;
  close?(): void | Promise<void>;
}

export interface Comparison {
  readonly ours: number;
  readonly theirs: number;
  /** Median of theirs/ours over the rounds: above 1 we are faster. */
  readonly ratio: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};

/** Seconds that a piece of work takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Alternates the sides, one uncounted round first, and prints medians and the ratio. */
export async function compare(
  what: string,
  ours: Side,
  theirs: Side,
  { rounds = 9, goal }: { rounds?: number; goal?: number } = {},
): Promise<Comparison> {
  const times: [number, number][] = [];
  for (let round = 0; round <= rounds; round++) {
    // The order changes too: whoever runs second finds a warmer or a more throttled machine.
    const first = round % 2 === 0;
    const a = first ? await ours.run() : 0;
    const b = await theirs.run();
    const pair: [number, number] = [first ? a : await ours.run(), b];
    if (round > 0) times.push(pair);
  }
  const result = {
    ours: median(times.map(([a]) => a)),
    theirs: median(times.map(([, b]) => b)),
    ratio: median(times.map(([a, b]) => b / a)),
  };
  const ratios = times.map(([a, b]) => b / a).sort((x, y) => x - y);
  console.log(
    `${what}\n  ${ours.name}: ${show(result.ours)}   ${theirs.name}: ${show(result.theirs)}   ratio ${result.ratio.toFixed(2)} (${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}, ${rounds} rounds)${goal === undefined ? "" : `   goal ${goal}`}`,
  );
  return result;
}

const show = (s: number): string =>
  s < 1e-3 ? `${(s * 1e6).toFixed(0)} µs` : s < 1 ? `${(s * 1e3).toFixed(2)} ms` : `${s.toFixed(2)} s`;

/** What the figures were measured on. */
export function printMachine(): void {
  const [cpu] = cpus();
  console.log(
    `machine: ${cpu?.model.trim()}, ${availableParallelism()} cores, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}\n`,
  );
}

/**
 * A Python program in bench/peers as the other side: it reads a line of JSON for each request and answers with a line
 * of JSON. Returns null, having said so, when Python or one of its modules is missing.
 */
export async function pythonPeer(
  script: string,
  modules: readonly string[],
  args: readonly string[] = [],
): Promise<Peer | null> {
  const python = process.env.PYTHON ?? "/usr/bin/python3";
  const probe = spawn(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
  const [code] = await Promise.race([once(probe, "exit"), once(probe, "error").then(() => [1])]);
  if (code !== 0) {
    console.log(`skipped: ${script} needs ${python} with ${modules.join(", ")} (set PYTHON to another)`);
    return null;
  }
  return new Peer(spawn(python, [fileURLToPath(new URL(`peers/${script}`, import.meta.url)), ...args]));
}

export class Peer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ask<T>(request: unknown): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the peer ended without an answer");
    return JSON.parse(value) as T;
  }

  close(): void {
    this.#child.kill();
  }
}

/** A classifier that keeps count of the seconds spent in it: what an attack costs besides its model. */
export interface TimedClassifier extends DifferentiableClassifier {
  /** Seconds within its calls; set it to 0 before a run. */
  inside: number;
}

export function timedClassifier(classifier: DifferentiableClassifier): TimedClassifier {
  const timed = async <T>(work: Promise<T>, start: number): Promise<T> => {
    const answer = await work;
    self.inside += (performance.now() - start) / 1000;
    return answer;
  };
  const self: TimedClassifier = {
    inside: 0,
    inputShape: classifier.inputShape,
    classes: classifier.classes,
    logits: (images, count) => {
      const start = performance.now();
      return timed(classifier.logits(images, count), start);
    },
    lossAndGradient: (images, labels, count) => {
      const start = performance.now();
      return timed(classifier.lossAndGradient(images, labels, count), start);
    },
  };
  return self;
}
