// How a network is trained, as plain data: it is printed, hashed into records and overridden by options.
import { adam, type Optimizer, sgd } from "@reprise/engine";
import { constantRate, cosine, milestones, type Schedule, warmUp } from "./schedule.ts";

export interface Recipe {
  /** "adam" and "sgd" step after every batch; "lbfgs" minimises the loss over all examples at once. */
  readonly optimizer: "adam" | "sgd" | "lbfgs";
  /** Momentum of "sgd", in [0, 1). */
  readonly momentum?: number;
  /** λ: λ/2·‖p‖² of all parameters is added to the loss; 0 when absent. */
  readonly weightDecay?: number;
  /** Of "lbfgs": iterations, each of one pass over the examples or a few; fewer where the loss falls no more. */
  readonly epochs: number;
  /** "lbfgs" uses neither this nor what follows. */
  readonly batchSize: number;
  /** At the first step. */
  readonly learningRate: number;
  /** "cosine" falls to 0 at the last step, "step" to a tenth at each of the milestones. */
  readonly schedule: "constant" | "cosine" | "step";
  /** Of "step": epochs after which the rate falls. */
  readonly milestones?: readonly number[];
  /** Epochs over which the rate first rises, in equal steps; 0 when absent, fractions allowed. */
  readonly warmUpEpochs?: number;
  /** Where the numbers come from. */
  readonly source: string;
}

/** The optimizer of a recipe. @throws Error for "lbfgs", which has no step on a batch */
export function optimizerOf({ optimizer, momentum = 0, weightDecay = 0 }: Recipe): Optimizer {
  if (optimizer === "lbfgs")
    throw new Error('recipe: "lbfgs" takes all examples at once, not a batch; use adam or sgd');
  return optimizer === "adam" ? adam({ weightDecay }) : sgd({ momentum, weightDecay });
}

/** The schedule of a recipe over the given number of steps, which fill its epochs. */
export function scheduleOf(
  { schedule, learningRate, epochs, milestones: at = [], warmUpEpochs = 0 }: Recipe,
  steps: number,
): Schedule {
  const stepOf = (epoch: number) => Math.round((epoch * steps) / epochs);
  const rates: Record<Recipe["schedule"], () => Schedule> = {
    constant: () => constantRate(learningRate),
    cosine: () => cosine(learningRate, { steps }),
    step: () => milestones(learningRate, { at: at.map(stepOf) }),
  };
  const main = rates[schedule]();
  const rising = stepOf(warmUpEpochs);
  return rising > 0 ? warmUp(main, { steps: rising, start: 1 / rising }) : main;
}

/** Refuses what cannot be trained with. @throws RangeError naming the setting */
export function checkRecipe({
  optimizer,
  epochs,
  batchSize,
  learningRate,
  momentum = 0,
  weightDecay = 0,
  warmUpEpochs = 0,
  schedule,
  milestones: at = [],
}: Recipe): void {
  const whole = (n: number) => Number.isInteger(n) && n >= 1;
  if (!whole(epochs)) throw new RangeError(`epochs is ${epochs}; expected an integer from 1 up`);
  if (!whole(batchSize)) throw new RangeError(`batch size is ${batchSize}; expected an integer from 1 up`);
  if (!(learningRate > 0 && Number.isFinite(learningRate)))
    throw new RangeError(`learning rate is ${learningRate}; expected a number above 0`);
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(`momentum is ${momentum}; expected a number from 0 up to below 1`);
  if (!(weightDecay >= 0 && Number.isFinite(weightDecay)))
    throw new RangeError(`weight decay is ${weightDecay}; expected a number from 0 up`);
  if (optimizer === "lbfgs" && weightDecay > 0)
    throw new RangeError(
      `weight decay is ${weightDecay}; lbfgs takes none but the network's own penalty: leave it out`,
    );
  if (!(warmUpEpochs >= 0 && warmUpEpochs <= epochs))
    throw new RangeError(`warm-up is ${warmUpEpochs} epochs; expected 0 to the ${epochs} there are`);
  if (schedule === "step" && !at.every((epoch) => epoch > 0))
    throw new RangeError(`milestones are ${at.join(", ")}; expected epochs above 0`);
}
