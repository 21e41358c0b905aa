// "Mask R-CNN" as the site, the command line and the tools see it.
import type { Options, Paper } from "@reprise/experiment";

const options = {
  seed: { kind: "integer", min: 0, default: 0, help: "of the first training; the others count on" },
  seeds: { kind: "integer", min: 2, default: 3, help: "trainings for each row" },
  steps: { kind: "integer", min: 1, default: 400, help: "steps of each training" },
  pictures: { kind: "integer", min: 1, default: 100, help: "generated pictures that each network is tested on" },
} as const satisfies Options;

export const paper = {
  key: "journals/corr/HeGDG17",
  method: "mask-rcnn",
  summary: "find, name and outline every object of a picture (He et al. 2017)",
  experiments: {
    "roi-layers": { summary: "RoIPool, RoIWarp and RoIAlign, as Table 2c, on generated pictures", options },
    "mask-loss": { summary: "masks of classes that compete or not, as Table 2b, on generated pictures", options },
    "stride-32": {
      summary: "RoIPool and RoIAlign on features of stride 32, as Table 2d, on generated pictures",
      options,
    },
    "mask-branch": { summary: "fully connected and convolutional masks, as Table 2e, on generated pictures", options },
    backbone: { summary: "the fourth stage against a feature pyramid, as Table 2a, on generated pictures", options },
  },
  assets: [
    { path: "models/*.safetensors", type: "application/octet-stream", maxBytes: 8_000_000 },
    { path: "models/models.json", type: "application/json", maxBytes: 10_000 },
  ],
} as const satisfies Paper;
