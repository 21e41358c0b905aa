// What of the paper can be run at small scale: Table 2c's question, what rounding a region's borders costs, with a small
// network on generated pictures. COCO's own numbers cannot be had: neither its pictures nor its weights are here.
import { Random } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import { type Data, type Experiments, measuredMean, stepKind, type Unit, value } from "@reprise/experiment";
import { cocoOfShapes, shapeCategories } from "./coco-objects.ts";
import { evaluate } from "./evaluate.ts";
import { shapesExamples } from "./examples.ts";
import { initialState } from "./initial-state.ts";
import { MaskRcnn } from "./mask-rcnn.ts";
import type { RoiPooling } from "./network.ts";
import { pictureSettings, presets } from "./settings.ts";
import type { ShapesOptions } from "./shapes.ts";
import { train } from "./train.ts";

/** Test pictures have a seed that no training has. */
const testSeed = 1_000_000;

/** Mask AP and AP75, 0 … 1. */
interface Outcome {
  readonly ap: number;
  readonly ap75: number;
}

const trained = stepKind<{
  parameters: {
    readonly pooling: RoiPooling;
    readonly steps: number;
    readonly seed: number;
    readonly pictures: number;
  };
  data: { readonly shapes: ShapesOptions };
  value: Outcome;
  lane: Runtime;
}>({
  name: "mask-rcnn/shapes",
  version: 1,
  text: ({ pooling, seed }) => `training with ${pooling}, seed ${seed}`,
  cost: ({ steps, pictures }) => 0.12 * steps + 0.1 * pictures,
  async run({ parameters: { pooling, steps, seed, pictures }, data: { shapes }, lane, signal, onProgress }) {
    const settings = { ...presets.tiny, steps, validateEvery: steps, seed, pooling };
    const { widths, channels, representation } = settings;
    const classes = shapeCategories.length + 1;
    const first = initialState(new Random(seed), { classes, widths, channels, representation });
    const state = await train(lane, first, shapesExamples(seed, shapes), {
      settings,
      signal,
      onProgress: ({ kind, done, total }) => {
        if (kind === "step") onProgress({ done, total: total + pictures });
      },
    });
    const model = new MaskRcnn(lane, state, { ...pictureSettings(settings), pooling });
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

/** Rows of Table 2c; its numbers are of ResNet-50-C4 on COCO, and claim nothing of these pictures. */
const rows = [
  { pooling: "warp-max", name: "RoIWarp, max", id: "roiwarp-max" },
  { pooling: "warp", name: "RoIWarp, average", id: "roiwarp-average" },
  { pooling: "align-max", name: "RoIAlign, max", id: "roialign-max" },
  { pooling: "align", name: "RoIAlign, average", id: "roialign-average" },
] as const;

const averagePrecision: Unit = {
  text: (ap) => (100 * ap).toFixed(1),
  sign: "",
  claimed: (ap) => ap.toFixed(1),
  of: (seeds) => `${seeds} trainings`,
};

export const experiments: Experiments = {
  values({ parts, settings, data }) {
    const { seed, seeds, steps, pictures } = settings as Readonly<
      Record<"seed" | "seeds" | "steps" | "pictures", number>
    >;
    const shapes = data("shapes") as Data<ShapesOptions> | undefined;
    if (!shapes || !parts.includes("roi-layers")) return [];
    return rows.flatMap((row) => {
      const runs = Array.from({ length: seeds }, (_, i) =>
        trained({ pooling: row.pooling, steps, seed: seed + i, pictures }, { data: { shapes } }),
      );
      return (["ap", "ap75"] as const).map((number) =>
        value({
          id: `roi-layers/${row.id}/${number}`,
          ...{ table: "roi-layers", row: row.name, column: number === "ap" ? "mask AP" : "mask AP75" },
          ...{ unit: averagePrecision, claimed: null, seed, dataSha256: shapes.sha256 },
          unclaimed: "COCO's are in Table 2c",
          settings: { seed, seeds, steps, pictures },
          from: { runs },
          read: ({ runs: all }) => measuredMean(all.map((run) => run.value[number])),
        }),
      );
    });
  },
};
