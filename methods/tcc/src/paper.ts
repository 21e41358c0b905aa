// "Temporal Cycle-Consistency Learning" as the site, the command line and the tools see it.
import type { Paper } from "@reprise/experiment";

export const paper = {
  key: "journals/corr/abs-1904-07846",
  method: "tcc",
  summary: "align videos of the same action without labels (Dwibedi et al. 2019)",
  experiments: {},
  assets: [],
} as const satisfies Paper;
