// Training on all examples at once: a deterministic objective, minimised by L-BFGS. As `train`, it knows no network and no file.
import { Random } from "@reprise/data";
import { type Chunk, LbfgsB, Objective, type Runtime, type TrainingProgram } from "@reprise/engine";
import type { Weights } from "./network.ts";
import { type Checkpoint, checkConfig, type Following, type TrainEvent } from "./trainer.ts";

export interface FullBatchOptions extends Following<TrainEvent> {
  readonly program: Pick<TrainingProgram, "parameters" | "buffers" | "forward">;
  /** All examples, in parts that are computed one after the other. How they are cut changes the result by rounding only. */
  readonly chunks: Iterable<Chunk>;
  /** At most, those before a resume included. It ends sooner where no step lowers the loss any more. */
  readonly iterations: number;
  /** Steps that L-BFGS remembers the curvature of. */
  readonly pairs?: number;
  /** Where to start: weights, or a checkpoint to go on from, with no memory of the curvature before it. */
  readonly from: Weights | Checkpoint;
  readonly config?: Checkpoint["config"];
  /** Metrics of the weights so far. */
  readonly validate?: (weights: Weights) => Promise<Readonly<Record<string, number>>>;
  /** Iterations between validations; 25 when absent. The end is always followed by one. */
  readonly validateEvery?: number;
  /** Iterations between checkpoints; 25 when absent. */
  readonly checkpointEvery?: number;
}

/**
 * Minimises the mean loss over all examples by L-BFGS; returns the last checkpoint. A step's `epoch` counts the passes over
 * the data, of which the line search may take several an iteration; its `learningRate` is the length of the step.
 *
 * The arithmetic of a pass is the runtime's (float32 but on "reference"), that of the optimizer float64: it ends where
 * float32 no longer tells two losses apart.
 *
 * @throws Error when the loss is not finite at the start, or a checkpoint belongs to another configuration
 */
export async function trainFullBatch(
  runtime: Runtime,
  {
    program,
    chunks,
    iterations,
    pairs = 10,
    from,
    config = {},
    validate,
    validateEvery = 25,
    checkpointEvery = 25,
    signal,
    onProgress,
  }: FullBatchOptions,
): Promise<Checkpoint> {
  signal?.throwIfAborted();
  const resumed = "state" in from ? from : null;
  if (resumed) checkConfig(resumed.config, config);
  const before = resumed?.state.step ?? 0;
  const start = resumed ? resumed.state.parameters : (from as Weights).parameters;
  const objective = await Objective.start(runtime, program, chunks);
  const solver = new LbfgsB(start, undefined, {
    pairs,
    reductionFactor: 10,
    projectedGradientTolerance: 1e-8,
    maxIterations: Math.max(0, iterations - before),
  });
  const checkpoint = (): Checkpoint => ({
    state: {
      parameters: Float32Array.from(solver.iterate),
      buffers: new Float32Array(0),
      slots: [],
      step: before + solver.iterations,
    },
    batches: null,
    noise: new Random(0).state,
    config,
  });
  const at = () => ({ done: before + solver.iterations, total: iterations });
  try {
    const gradient = new Float64Array(objective.size);
    let done = 0;
    while (!solver.done) {
      if (signal?.aborted) {
        await onProgress?.({ kind: "checkpoint", ...at(), checkpoint: checkpoint() });
        signal.throwIfAborted();
      }
      const started = performance.now();
      const loss = await objective.evaluate(solver.x, gradient);
      solver.tell(loss, gradient);
      const seconds = (performance.now() - started) / 1000;
      if (solver.reason === "nonFinite" && solver.iterations === 0) throw notFinite(loss);
      if (solver.iterations === done) continue;
      done = solver.iterations;
      const step = before + done;
      const [epoch, examplesPerSecond] = [solver.evaluations - 1, objective.count / seconds];
      const learningRate = solver.stepLength;
      await onProgress?.({ kind: "step", ...at(), epoch, loss, learningRate, examplesPerSecond, report: {} });
      if (solver.done) break;
      if (validate && step % validateEvery === 0)
        await onProgress?.({ kind: "validation", ...at(), epoch, metrics: await validate(checkpoint().state) });
      if (step % checkpointEvery === 0) await onProgress?.({ kind: "checkpoint", ...at(), checkpoint: checkpoint() });
    }
    const last = checkpoint();
    if (validate) {
      const metrics = await validate(last.state);
      await onProgress?.({ kind: "validation", ...at(), epoch: solver.evaluations - 1, metrics });
    }
    await onProgress?.({ kind: "checkpoint", ...at(), checkpoint: last });
    return last;
  } finally {
    await objective.release();
  }
}

const notFinite = (loss: number): Error =>
  new Error(
    `training: the loss over all examples is ${loss}, or its gradient not finite, with the weights to start from. Check these weights and the examples.`,
  );
