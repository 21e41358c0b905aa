// §4.2, the last claim: FC100-100-10 by weight decay alone, with dropout, and with pools of adversarial examples.
import { type LabelledImages, type Rate, rateOf } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import { evaluator, isMlp, type Mlp, mlp, networkByName, type Recipe, trainClassifier } from "@reprise/nn";
import { type PoolOptions, poolDefaults, trainAdversarially } from "../adversarial-training/train.ts";
import { claimedTestErrorBelow } from "../config.ts";

/** One way to train the network. */
export interface Arm {
  /** Lasting, e.g. "adversarial-layers". */
  readonly id: string;
  readonly name: string;
  /** Test error that the paper claims to be below, in %; null where we have not seen its number. */
  readonly claimed: number | null;
  /** Chance to drop a hidden unit. */
  readonly dropout?: number;
  readonly pool?: Partial<PoolOptions> & Pick<PoolOptions, "layers" | "weight">;
  /** What the network's λ are multiplied by; 1 when absent. */
  readonly decay?: number;
  /** Seconds of one training on one idle core, roughly. */
  readonly cost: number;
}

/**
 * The rate of dropout was not searched. What pools do by the errors on training images kept apart: bench/adversarial-pools.ts.
 */
export const arms: readonly Arm[] = [
  { id: "weight-decay", name: "weight decay alone", claimed: null, cost: 45 },
  { id: "dropout", name: "weight decay and dropout", claimed: null, dropout: 0.1, cost: 60 },
  {
    id: "adversarial-input",
    name: "a fifth of the weight decay and adversarial images",
    claimed: null,
    pool: { layers: [0], weight: 0.1 },
    decay: 0.2,
    cost: 120,
  },
  {
    id: "adversarial-layers",
    name: "a fifth of the weight decay and adversarial examples of every layer",
    claimed: claimedTestErrorBelow,
    pool: { layers: [0, 1, 2], weight: 0.1 },
    decay: 0.2,
    cost: 80,
  },
];

/** Trainings of an arm, each with a seed of its own. */
export const seedsPerArm = 5;

/** The network of an arm. */
function networkOf({ dropout = 0, decay = 1 }: Arm): Mlp {
  const known = networkByName("fc100-100-10");
  if (!isMlp(known)) throw new Error(`${known.name} has no layers to enter`);
  if (dropout === 0 && decay === 1) return known;
  const units = Array.from({ length: known.depth }, (_, i) =>
    i + 1 < known.depth ? known.width(i + 1) : known.classes,
  );
  return mlp({ ...known, units, dropout, lambda: known.lambda.map((lambda) => decay * lambda) });
}

/** What an arm's trainings depend on, as plain data. */
export function armSettings(arm: Arm, changes: Partial<Recipe> = {}): Readonly<Record<string, unknown>> {
  const { id, dropout = 0, pool } = arm;
  const { lambda, recipe } = networkOf(arm);
  return { id, lambda, recipe: { ...recipe, ...changes }, dropout, pool: pool ? { ...poolDefaults, ...pool } : null };
}

export interface TrainArmOptions {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly seed: number;
  readonly recipe?: Partial<Recipe> | undefined;
  /** Share of the steps done, in [0, 1]. */
  readonly onProgress: (share: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Trains once; the errors on the test set. */
export async function trainArm(
  runtime: Runtime,
  arm: Arm,
  { train, test, seed, recipe: changes = {}, onProgress, signal }: TrainArmOptions,
): Promise<Rate> {
  const { pool } = arm;
  const network = networkOf(arm);
  const { epochs, batchSize } = { ...network.recipe, ...changes };
  const steps = epochs * Math.floor(train.labels.data.length / batchSize);
  const options = { examples: train, recipe: changes, seed, ...(signal ? { signal } : {}) };
  const run = pool
    ? trainAdversarially(runtime, network, { ...options, pool })
    : trainClassifier(runtime, network, options);
  for (;;) {
    const { value, done } = await run.next();
    if (done) {
      const scorer = evaluator(runtime, network);
      const { errors, count } = await scorer.evaluate(value.state, test);
      await scorer.release();
      return rateOf(errors, count);
    }
    if (value.type === "step") onProgress(value.step / steps);
  }
}
