// "Temporal Cycle-Consistency Learning" as the site, the command line and the tools see it.
import type { Options, Paper } from "@reprise/experiment";

const pouring = {
  seed: { kind: "integer", min: 0, default: 0, help: "of the videos and of the first run" },
  seeds: { kind: "integer", min: 2, default: 3, help: "runs of each learner" },
  steps: { kind: "integer", min: 1, default: 1500, help: "of training" },
  videos: { kind: "integer", min: 10, default: 60, help: "to learn from; ten others are aligned" },
  level: { kind: "choice", choices: ["easy", "medium", "hard"], default: "medium", help: "how much the videos differ" },
} as const satisfies Options;

export const paper = {
  key: "journals/corr/abs-1904-07846",
  method: "tcc",
  summary: "align videos of the same action without labels (Dwibedi et al. 2019)",
  experiments: {
    losses: { summary: "cycle-back losses against each other, on generated videos", options: pouring },
    labels: {
      summary: "TCC against SAL, TCN and supervised learning with few labels, on generated videos",
      options: pouring,
    },
  },
  assets: [
    { path: "models/*.safetensors", type: "application/octet-stream", maxBytes: 2_000_000 },
    { path: "models/models.json", type: "application/json", maxBytes: 10_000 },
  ],
} as const satisfies Paper;
