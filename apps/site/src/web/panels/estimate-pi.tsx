// π by random points: the demonstration panel that the shell is tested with. No paper's page shows it.
import type { PiParameters, PiResult, PiTasks } from "../../run/estimate-pi.worker.ts";
import { panel as panelOf, task } from "../panel.ts";
import { PanelWorker } from "../panel-remote.ts";

const worker = new PanelWorker<PiTasks>(
  () => new Worker(new URL("../../run/estimate-pi.worker.ts", import.meta.url), { type: "module" }),
);

export const panel = panelOf({
  intro: "Points fall at random into a square; the share that falls into the circle tells π.",
  tasks: {
    estimate: task<PiParameters, PiParameters, PiResult, number>({
      label: "Estimate π",
      inputs: {
        points: { kind: "number", label: "Points", default: 20_000, min: 100, max: 1_000_000_000 },
        seed: { kind: "number", label: "Seed", default: 1, min: 0, max: 4_294_967_295 },
        shape: {
          kind: "choice",
          label: "Shape",
          default: "disc",
          options: [
            { value: "disc", label: "Whole circle" },
            { value: "quarter", label: "Quarter circle" },
          ],
        },
      },
      presets: [
        { label: "Quick", values: { points: 1000 } },
        { label: "Careful", values: { points: 2_000_000 } },
        { label: "Endless", values: { points: 1_000_000_000 } },
      ],
      run: worker.method("estimate"),
      message: (inputs) => inputs,
      announce: ({ estimate, points }) => `π ≈ ${estimate.toFixed(4)} after ${points.toLocaleString("en")} points.`,
      partialViews: (estimate) => [{ kind: "text", text: `So far ${estimate.toFixed(4)}` }],
      views: ({ estimate, inside, points, picture, trace }, { shape }) => [
        {
          kind: "images",
          images: [
            {
              label: "Where the points fell",
              alt: `A ${shape} of hits in a square`,
              width: 64,
              height: 64,
              rgba: picture,
            },
          ],
        },
        {
          kind: "table",
          caption: "The estimate",
          columns: ["Quantity", "Value"],
          rows: [
            ["Points", points],
            ["Inside", inside],
            ["Estimate of π", estimate.toFixed(6)],
            ["Error", Math.abs(estimate - Math.PI).toExponential(2)],
          ],
        },
        {
          kind: "bars",
          caption: "Shares",
          items: [
            {
              label: "inside",
              value: inside / points,
              text: `${((100 * inside) / points).toFixed(1)} %`,
              marked: true,
            },
            { label: "outside", value: 1 - inside / points, text: `${(100 - (100 * inside) / points).toFixed(1)} %` },
          ],
        },
        {
          kind: "line",
          caption: "As the points came in.",
          x: "points",
          y: "estimate",
          lines: [{ name: "estimate", points: trace }],
        },
      ],
    }),
  },
  worker,
});
