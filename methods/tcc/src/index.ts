// Temporal cycle-consistency: its losses as graphs and on arrays.
export {
  type Cycles,
  cycleLosses,
  deterministicLoss,
  orderedPairs,
  pairLoss,
  similarities,
  softNearestNeighbour,
  stochasticLoss,
} from "./loss.ts";
export { type CycleLoss, defaults as lossDefaults, type TccLossOptions } from "./options.ts";
export {
  type Cycle,
  type CycleTrace,
  type Frames,
  type PlainOptions,
  type TccLoss,
  tccLoss,
  traceCycle,
} from "./plain.ts";
