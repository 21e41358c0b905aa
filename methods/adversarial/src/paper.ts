// "Intriguing properties of neural networks" as the site, the command line and the tools see it.
import type { Options, Paper } from "@reprise/experiment";

const networks = {
  data: { kind: "text", placeholder: "dir", help: "folder of MNIST's four files; the bundled part if left out" },
  images: {
    kind: "integer",
    min: 2,
    help: "attacked images per network, of training and of test set; 1000 if there are as many",
  },
  seed: { kind: "integer", min: 0, default: 0, help: "of networks, targets and noise" },
  epochs: { kind: "integer", min: 1, help: "instead of the recipes', for a quick look" },
  optimizer: { kind: "choice", choices: ["sgd", "adam", "lbfgs"], help: "instead of the recipes'" },
} as const satisfies Options;

export const paper = {
  key: "journals/corr/SzegedyZSBEGF13",
  method: "adversarial",
  summary: "smallest perturbations that change what a classifier sees (Szegedy et al. 2013)",
  experiments: {
    table1: { summary: "distortions and errors of six networks", options: networks },
    table2: { summary: "errors of six networks on each other's adversarial examples", options: networks },
    table3: { summary: "distortions of networks that saw other halves of the training set", options: networks },
    table4: { summary: "errors on adversarial examples of networks that saw the other half", options: networks },
    regularisation: {
      summary: "§4.2: training with adversarial examples beside other regularisation",
      onRequest: true,
      options: {
        ...networks,
        jobs: { kind: "integer", min: 1, help: "trainings at once; as many as there are cores, 4 at most" },
      },
    },
  },
  assets: [
    { path: "models/*.onnx", type: "application/octet-stream", maxBytes: 3_000_000 },
    { path: "models/models.json", type: "application/json", maxBytes: 10_000 },
    { package: "@reprise/data", path: "mnist-subset/*.gz", type: "application/gzip", maxBytes: 500_000 },
  ],
} as const satisfies Paper;
