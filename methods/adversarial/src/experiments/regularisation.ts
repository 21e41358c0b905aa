// §4.2, the last claim: FC100-100-10 by weight decay alone, with dropout, and with pools of adversarial examples.
import { type LabelledImages, type Rate, rateOf } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import {
  evaluator,
  isMlp,
  type Mlp,
  mlp,
  networkByName,
  type Recipe,
  type TrainClassifierOptions,
  trainClassifier,
} from "@reprise/nn";
import { type PoolOptions, poolDefaults, trainAdversarially } from "../adversarial-training/train.ts";
import { claimedTestErrorBelow, claimedTestErrors } from "../config.ts";

/** One way to train the network. */
export interface Arm {
  /** Lasting, e.g. "adversarial-layers". */
  readonly id: string;
  readonly name: string;
  /** Test error that the paper claims, in %; null where it gives no number. */
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
  { id: "weight-decay", name: "weight decay alone", claimed: claimedTestErrors.weightDecay, cost: 45 },
  { id: "dropout", name: "weight decay and dropout", claimed: claimedTestErrors.dropout, dropout: 0.1, cost: 60 },
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

/** All that decides one training, beside its images. */
export interface ArmSettings {
  readonly arm: string;
  readonly seed: number;
  readonly lambda: readonly number[];
  readonly recipe: Recipe;
  readonly dropout: number;
  readonly pool: PoolOptions | null;
}

/** The settings of one training of an arm. @param changes  replace settings of the recipe, for a quick look */
export function armSettings(arm: Arm, seed: number, changes: Partial<Recipe>): ArmSettings {
  const { id, dropout = 0, pool } = arm;
  const { lambda, recipe } = networkOf(arm);
  const pools = pool ? { ...poolDefaults, ...pool } : null;
  return { arm: id, seed, lambda, recipe: { ...recipe, ...changes }, dropout, pool: pools };
}

/** The arm of this id. @throws Error when there is none */
export function armOf(id: string): Arm {
  const arm = arms.find((each) => each.id === id);
  if (!arm) throw new Error(`there is no way to regularise called "${id}"`);
  return arm;
}

export interface TrainArmOptions {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Share of the steps done, in [0, 1]. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** Trains once; the errors on the test set. */
export async function trainArm(
  runtime: Runtime,
  { arm, seed, recipe, pool }: ArmSettings,
  { train, test, onProgress, signal }: TrainArmOptions,
): Promise<Rate> {
  const network = networkOf(armOf(arm));
  const options: TrainClassifierOptions = {
    examples: train,
    recipe,
    seed,
    signal,
    onProgress({ kind, done, total }) {
      if (kind === "step") onProgress(done / total);
    },
  };
  const { state } = pool
    ? await trainAdversarially(runtime, network, { ...options, pool })
    : await trainClassifier(runtime, network, options);
  const scorer = evaluator(runtime, network);
  const { errors, count } = await scorer.evaluate(state, test);
  await scorer.release();
  return rateOf(errors, count);
}
