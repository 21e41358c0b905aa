// What of the paper can be run here: its losses against each other, and TCC against its baselines, on generated videos of
// pouring. The paper's videos (Pouring, Penn Action) cannot be had here, so its figures stand in rows of their own.
import { type PouringLevel, type PouringOptions, pouringVideos } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import { type Data, type Experiments, measuredMean, stepKind, type Unit, value } from "@reprise/experiment";
import { embed } from "./embed.ts";
import { encoderOf } from "./encoder.ts";
import { phaseAccuracy, shareOf } from "./metrics/classification.ts";
import { alignmentTau } from "./metrics/kendall.ts";
import { type Labelled, progression } from "./metrics/progression.ts";
import type { CycleLoss } from "./options.ts";
import { rowsOf } from "./plain.ts";
import { type Objective, presets } from "./settings.ts";
import { type GivenSettings, type TccModel, train, untrained } from "./train.ts";
import type { Sequence } from "./video.ts";

/** Videos with the phase of each frame. */
export interface LabelledVideos {
  readonly videos: readonly Sequence[];
  readonly labels: readonly Uint8Array[];
}

export interface Pouring {
  readonly train: LabelledVideos;
  readonly test: LabelledVideos;
}

export interface PouringSize {
  readonly level: PouringLevel;
  readonly videos: number;
  readonly seed: number;
}

export const testVideos = 10;

/** Videos to learn from, and ten others. */
export function drawPouring({ level, videos, seed }: PouringSize): Pouring {
  return { train: draw(videos, { seed, level }), test: draw(testVideos, { seed: seed + 1, level }) };
}

function draw(count: number, options: PouringOptions): LabelledVideos {
  const drawn = pouringVideos(count, options);
  return {
    videos: drawn.map(({ shape, frames }, i) => ({ name: `pouring ${i}`, shape, data: frames })),
    labels: drawn.map(({ labels }) => labels),
  };
}

/** What is learnt with: the paper's cycle-back losses, its baselines, and weights as they are drawn. */
type Learner = CycleLoss | Exclude<Objective, "tcc"> | "none";

const shares = [0.1, 0.5, 1] as const;

interface Outcome {
  /** Null where every pair of videos has one nearest frame for all. */
  readonly tau: number | null;
  readonly r2: number | null;
  /** Share of the test frames whose phase is told from 10, 50 and 100 % of the labelled videos. */
  readonly accuracy: readonly [number, number, number];
}

const learnt = stepKind<{
  parameters: {
    readonly learner: Learner;
    readonly steps: number;
    readonly seed: number;
    /** Of supervised learning: the share of the videos that it sees. */
    readonly labelled?: number;
  };
  data: { readonly pouring: Pouring };
  value: Outcome;
  lane: Runtime;
}>({
  name: "tcc/learn",
  version: 2,
  text: ({ learner, seed }) => `learning by ${named[learner]}, seed ${seed}`,
  cost: ({ steps, learner }) => (learner === "none" ? 20 : 0.33 * steps + 30),
  async run({ parameters: { learner, steps, seed, labelled = 1 }, data: { pouring }, lane, signal, onProgress }) {
    const videos = pouring.train.videos.map((video, i) => ({ ...video, labels: pouring.train.labels[i]! }));
    const model = learner === "none" ? untrained(videos, { seed }) : await learn(learner);
    return { value: await told(lane, model, pouring, signal) };

    function learn(by: Exclude<Learner, "none">): Promise<TccModel> {
      const { loss } = presets.small;
      const settings: GivenSettings =
        by === "sal" || by === "tcn" || by === "supervised"
          ? { objective: by, labelled }
          : { objective: "tcc", loss: { ...loss, loss: by } };
      return train(lane, videos, {
        settings: { ...settings, steps, seed, validateEvery: Math.max(50, Math.round(steps / 8)) },
        signal,
        onProgress: ({ kind, done, total }) => {
          if (kind === "step") onProgress({ done, total });
        },
      });
    }
  },
});

async function told(
  runtime: Runtime,
  model: TccModel,
  { train, test }: Pouring,
  signal: AbortSignal,
): Promise<Outcome> {
  const encoder = encoderOf(model.spec, model.backbone);
  const labelled = async ({ videos, labels }: LabelledVideos): Promise<Labelled[]> =>
    (await embed(runtime, encoder, model.parameters, videos, { signal })).map((own, i) => ({
      rows: rowsOf(own),
      labels: labels[i]!,
    }));
  const [known, asked] = [await labelled(train), await labelled(test)];
  const { tau } = alignmentTau(
    asked.map(({ rows }) => ({ shape: [rows.length, rows[0]!.length], data: rows.flatMap((row) => Array.from(row)) })),
    { stride: 2 },
  );
  const phases = 1 + Math.max(...train.labels.flatMap((own) => Array.from(own)));
  const accuracy = shares.map((share) => phaseAccuracy(shareOf(known, share), asked));
  return { tau, r2: progression(known, asked, phases).r2, accuracy: accuracy as [number, number, number] };
}

const named: Readonly<Record<Learner, string>> = {
  "regression-mse": "TCC, mean squared error",
  "regression-mse-var": "TCC, cycle-back regression",
  "regression-huber": "TCC, Huber loss",
  classification: "TCC, cycle-back classification",
  sal: "SAL, shuffle and learn",
  tcn: "TCN, time-contrastive",
  supervised: "supervised, a classifier of phases",
  none: "drawn weights, nothing learnt",
};

/** Which learners a part compares. */
const learners: Readonly<Record<string, readonly Learner[]>> = {
  losses: ["none", "regression-mse", "regression-mse-var", "classification"],
  labels: ["none", "supervised", "sal", "tcn", "regression-mse"],
};

const runsText = (count: number) => `${count} ${count === 1 ? "run" : "runs"}`;
const percent: Unit = {
  text: (share) => (100 * share).toFixed(1),
  sign: "%",
  claimed: (number) => number.toFixed(1),
  of: runsText,
};
const ratio: Unit = { text: (x) => x.toFixed(3), sign: "", claimed: (x) => `${x}`, of: runsText };

/** What is undefined counts as nothing learnt. The last of each: the share of labels that supervised learning sees. */
const columns: readonly (readonly [string, string, Unit, (outcome: Outcome) => number, labelled: number])[] = [
  ["tau", "Kendall's τ", ratio, ({ tau }) => tau ?? 0, 1],
  ["r2", "progression, R²", ratio, ({ r2 }) => r2 ?? 0, 1],
  ["10", "phases told, 10 % of labels", percent, ({ accuracy }) => accuracy[0], 0.1],
  ["50", "phases told, 50 % of labels", percent, ({ accuracy }) => accuracy[1], 0.5],
  ["100", "phases told, all labels", percent, ({ accuracy }) => accuracy[2], 1],
];

export const experiments: Experiments = {
  values({ parts, settings, data }) {
    const { seed, seeds, steps } = settings as { readonly [Name in "seed" | "seeds" | "steps"]: number };
    const pouring = data("pouring") as Data<Pouring> | undefined;
    if (!pouring) return [];
    return parts.flatMap((part) =>
      learners[part]!.flatMap((learner) => {
        const runs = (labelled: number) =>
          Array.from({ length: seeds }, (_, i) =>
            learnt(
              {
                learner,
                steps: learner === "none" ? 0 : steps,
                seed: seed + i,
                ...(learner === "supervised" ? { labelled } : {}),
              },
              { data: { pouring } },
            ),
          );
        return columns.map(([id, column, unit, read, labelled]) =>
          value({
            id: `${part}/${learner}/${id}`,
            ...{ table: part, row: named[learner], column, unit, seed, dataSha256: pouring.sha256 },
            claimed: null,
            unclaimed: "the paper's videos are others",
            settings,
            from: { runs: runs(labelled) },
            read: ({ runs: all }) => measuredMean(all.map((run) => read(run.value))),
          }),
        );
      }),
    );
  },
};
