import type { Paper } from "@reprise/experiment";

/** A made-up paper: its content is a folder of fixtures/content, its panel web/panels/estimate-pi. */
export const samplePaper: Paper = {
  key: "journals/corr/SampleRun21",
  method: "estimate-pi",
  summary: "π by random points",
  experiments: {},
  assets: [
    { path: "data/*.txt.gz", type: "application/gzip", maxBytes: 1000 },
    { package: "@reprise/data", path: "mnist-subset/*.gz", type: "application/gzip", maxBytes: 500_000 },
  ],
};
