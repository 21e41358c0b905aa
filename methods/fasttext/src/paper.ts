// "Bag of Tricks for Efficient Text Classification" as the site, the command line and the tools see it.
import type { Options, Paper } from "@reprise/experiment";

const training = {
  data: {
    kind: "text",
    placeholder: "dir",
    help: "folder of the data sets (ag_news_csv, …, aclImdb); the bundled questions if left out",
  },
  seed: { kind: "integer", min: 0, default: 0, help: "of order and initial rows" },
  epochs: { kind: "integer", min: 1, help: "instead of the recipes', for a quick look" },
} as const satisfies Options;

export const paper = {
  key: "journals/corr/JoulinGBM16",
  method: "fasttext",
  summary: "text classification and word vectors, fast (Joulin et al. 2016)",
  experiments: {
    table1: { summary: "accuracy on eight data sets of news, reviews and questions", options: training },
    elsewhere: { summary: "accuracy on data that the paper does not have", options: training },
  },
  assets: [
    { path: "data/*.txt.gz", type: "application/gzip", maxBytes: 2_000_000 },
    { path: "data/*.ftz", type: "application/octet-stream", maxBytes: 2_000_000 },
  ],
} as const satisfies Paper;
