// How a network is trained, as plain data: it is printed, hashed into records and overridden by options.
import { adam, type Optimizer, sgd } from "@reprise/engine";
import { constantRate, cosine, type Schedule } from "./schedule.ts";

export interface Recipe {
  readonly optimizer: "adam" | "sgd";
  /** Momentum of "sgd", in [0, 1). */
  readonly momentum?: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** At the first step. */
  readonly learningRate: number;
  /** "cosine" falls to 0 at the last step. */
  readonly schedule: "constant" | "cosine";
  /** Where the numbers come from. */
  readonly source: string;
}

/** The optimizer of a recipe. */
export function optimizerOf({ optimizer, momentum }: Recipe): Optimizer {
  if (optimizer === "adam") return adam();
  return sgd(momentum === undefined ? {} : { momentum });
}

/** The schedule of a recipe over the given number of steps. */
export function scheduleOf({ schedule, learningRate }: Recipe, steps: number): Schedule {
  return schedule === "cosine" ? cosine(learningRate, { steps }) : constantRate(learningRate);
}

/** Refuses what cannot be trained with. @throws RangeError naming the setting */
export function checkRecipe({ epochs, batchSize, learningRate, momentum = 0 }: Recipe): void {
  const whole = (n: number) => Number.isInteger(n) && n >= 1;
  if (!whole(epochs)) throw new RangeError(`epochs is ${epochs}; expected an integer from 1 up`);
  if (!whole(batchSize)) throw new RangeError(`batch size is ${batchSize}; expected an integer from 1 up`);
  if (!(learningRate > 0 && Number.isFinite(learningRate)))
    throw new RangeError(`learning rate is ${learningRate}; expected a number above 0`);
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(`momentum is ${momentum}; expected a number from 0 up to below 1`);
}
