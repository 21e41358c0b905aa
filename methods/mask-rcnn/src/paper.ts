// "Mask R-CNN" as the site, the command line and the tools see it.
import type { Options, Paper } from "@reprise/experiment";

const shapes = {
  seed: { kind: "integer", min: 0, default: 0, help: "of the first training; the others count on" },
  seeds: { kind: "integer", min: 2, default: 5, help: "trainings for each row" },
  steps: { kind: "integer", min: 1, default: 1500, help: "steps of each training" },
  pictures: { kind: "integer", min: 1, default: 200, help: "generated pictures that each network is tested on" },
} as const satisfies Options;

export const paper = {
  key: "journals/corr/HeGDG17",
  method: "mask-rcnn",
  summary: "find, name and outline every object of a picture (He et al. 2017)",
  experiments: {
    "roi-layers": {
      summary: "RoIAlign against RoIWarp, as Table 2c asks of COCO, on generated pictures",
      options: shapes,
    },
  },
  assets: [
    { path: "models/*.safetensors", type: "application/octet-stream", maxBytes: 8_000_000 },
    { path: "models/models.json", type: "application/json", maxBytes: 10_000 },
  ],
} as const satisfies Paper;
