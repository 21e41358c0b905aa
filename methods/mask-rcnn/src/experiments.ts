// What of the paper can be run at small scale: the questions of Table 2 with small networks on generated pictures. COCO's
// own numbers cannot be had: neither its pictures nor its weights are here.
import { Random } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import { type Data, type Experiments, measuredMean, stepKind, type Unit, value } from "@reprise/experiment";
import { cocoOfShapes, shapeCategories } from "./coco-objects.ts";
import { evaluate } from "./evaluate.ts";
import { shapesExamples } from "./examples.ts";
import { initialState } from "./initial-state.ts";
import { MaskRcnn } from "./mask-rcnn.ts";
import {
  type MaskHead,
  type MaskLoss,
  type NetworkFeatures,
  pictureSettings,
  presets,
  type RoiPooling,
} from "./settings.ts";
import type { ShapesOptions } from "./shapes.ts";
import { train } from "./train.ts";

/** Test pictures have a seed that no training has. */
const testSeed = 1_000_000;

/** Mask AP and AP75, 0 … 1. */
interface Outcome {
  readonly ap: number;
  readonly ap75: number;
}

/** A network of Table 2: what its row says, and what the other rows of its part share. */
interface Variant {
  readonly features: NetworkFeatures;
  readonly pooling: RoiPooling;
  readonly maskLoss: MaskLoss;
  readonly maskHead: MaskHead;
}

const trained = stepKind<{
  parameters: Variant & { readonly steps: number; readonly seed: number; readonly pictures: number };
  data: { readonly shapes: ShapesOptions };
  value: Outcome;
  lane: Runtime;
}>({
  name: "mask-rcnn/shapes",
  version: 2,
  text: ({ features, pooling, maskLoss, maskHead, seed }) =>
    `training with ${features}, ${pooling}, ${maskLoss}, ${maskHead}, seed ${seed}`,
  cost: ({ steps, pictures }) => 0.12 * steps + 0.1 * pictures,
  async run({ parameters, data: { shapes }, lane, signal, onProgress }) {
    const { features, pooling, maskLoss, maskHead, steps, seed, pictures } = parameters;
    const settings = { ...presets.tiny, steps, validateEvery: steps, seed, pooling, maskLoss };
    const { widths, channels, representation } = settings;
    const classes = shapeCategories.length + 1;
    const network = { classes, widths, channels, representation, features, maskHead };
    const first = initialState(new Random(seed), network);
    const state = await train(lane, first, shapesExamples(seed, shapes), {
      settings,
      signal,
      onProgress: ({ kind, done, total }) => {
        if (kind === "step") onProgress({ done, total: total + pictures });
      },
    });
    const model = new MaskRcnn(lane, state, pictureSettings(settings));
    try {
      const examples = shapesExamples(testSeed, shapes);
      const { segm } = await evaluate(model, await cocoOfShapes(examples, pictures), examples, {
        categories: shapeCategories,
        signal,
        onProgress: ({ done, total }) => onProgress({ done: steps + done, total: steps + total }),
      });
      return { value: { ap: segm.stats[0]!, ap75: segm.stats[2]! } };
    } finally {
      await model.release();
    }
  },
});

interface Row {
  readonly name: string;
  readonly id: string;
  readonly variant: Partial<Variant>;
}

interface Part {
  /** As `Paper.experiments` names it. */
  readonly table: string;
  readonly shared: Variant;
  readonly rows: readonly Row[];
  /** Rows whose difference, seed by seed, is the part's question: the first less the second. */
  readonly difference: { readonly name: string; readonly id: string; readonly of: readonly [string, string] };
  /** Where COCO's numbers are. */
  readonly claims: string;
}

const usual: Variant = { features: "c4", pooling: "align", maskLoss: "sigmoid", maskHead: "fcn" };

/** Parts and rows of Table 2; its numbers are of COCO, and claim nothing of these pictures. */
const parts: readonly Part[] = [
  {
    table: "roi-layers",
    shared: usual,
    rows: [
      { name: "RoIPool, max", id: "roipool-max", variant: { pooling: "pool" } },
      { name: "RoIWarp, max", id: "roiwarp-max", variant: { pooling: "warp-max" } },
      { name: "RoIWarp, average", id: "roiwarp-average", variant: { pooling: "warp" } },
      { name: "RoIAlign, max", id: "roialign-max", variant: { pooling: "align-max" } },
      { name: "RoIAlign, average", id: "roialign-average", variant: {} },
    ],
    difference: { name: "RoIAlign, average, less RoIPool", id: "gain", of: ["roialign-average", "roipool-max"] },
    claims: "COCO's are in Table 2c",
  },
  {
    table: "mask-loss",
    shared: usual,
    rows: [
      { name: "softmax over classes", id: "softmax", variant: { maskLoss: "softmax" } },
      { name: "sigmoid per class", id: "sigmoid", variant: {} },
    ],
    difference: { name: "sigmoid less softmax", id: "gain", of: ["sigmoid", "softmax"] },
    claims: "COCO's are in Table 2b",
  },
  {
    table: "stride-32",
    shared: { ...usual, features: "c5" },
    rows: [
      { name: "RoIPool", id: "roipool", variant: { pooling: "pool" } },
      { name: "RoIAlign", id: "roialign", variant: {} },
    ],
    difference: { name: "RoIAlign less RoIPool", id: "gain", of: ["roialign", "roipool"] },
    claims: "COCO's are in Table 2d",
  },
  {
    table: "mask-branch",
    shared: { ...usual, features: "fpn" },
    rows: [
      { name: "MLP, one hidden layer", id: "mlp-1", variant: { maskHead: "mlp-1" } },
      { name: "MLP, two hidden layers", id: "mlp-2", variant: { maskHead: "mlp-2" } },
      { name: "FCN, four convolutions", id: "fcn", variant: {} },
    ],
    difference: { name: "FCN less MLP, one hidden layer", id: "gain", of: ["fcn", "mlp-1"] },
    claims: "COCO's are in Table 2e",
  },
  {
    table: "backbone",
    shared: usual,
    rows: [
      { name: "C4", id: "c4", variant: {} },
      { name: "FPN", id: "fpn", variant: { features: "fpn" } },
    ],
    difference: { name: "FPN less C4", id: "gain", of: ["fpn", "c4"] },
    claims: "COCO's are in Table 2a",
  },
];

const averagePrecision: Unit = {
  text: (ap) => (100 * ap).toFixed(1),
  sign: "",
  claimed: (ap) => ap.toFixed(1),
  of: (seeds) => `${seeds} trainings`,
};

export const experiments: Experiments = {
  values({ parts: asked, settings, data }) {
    const { seed, seeds, steps, pictures } = settings as Readonly<
      Record<"seed" | "seeds" | "steps" | "pictures", number>
    >;
    const shapes = data("shapes") as Data<ShapesOptions> | undefined;
    if (!shapes) return [];
    return parts
      .filter(({ table }) => asked.includes(table))
      .flatMap(({ table, shared, rows, difference, claims }) => {
        const runsOf = ({ variant }: Row) =>
          Array.from({ length: seeds }, (_, i) =>
            trained({ ...shared, ...variant, steps, seed: seed + i, pictures }, { data: { shapes } }),
          );
        const [better, worse] = difference.of.map((id) => rows.find((row) => row.id === id)!) as [Row, Row];
        return (["ap", "ap75"] as const).flatMap((number) => {
          const place = (id: string, row: string) => ({
            id: `${table}/${id}/${number}`,
            ...{ table, row, column: number === "ap" ? "mask AP" : "mask AP75" },
            ...{ unit: averagePrecision, claimed: null, seed, dataSha256: shapes.sha256 },
            unclaimed: claims,
            settings: { seed, seeds, steps, pictures },
          });
          return [
            ...rows.map((row) =>
              value({
                ...place(row.id, row.name),
                from: { runs: runsOf(row) },
                read: ({ runs }) => measuredMean(runs.map((run) => run.value[number])),
              }),
            ),
            value({
              ...place(difference.id, difference.name),
              from: { better: runsOf(better), worse: runsOf(worse) },
              read: (runs) =>
                measuredMean(runs.better.map((run, i) => run.value[number] - runs.worse[i]!.value[number])),
            }),
          ];
        });
      });
  },
};
