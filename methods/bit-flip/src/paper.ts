// "Bit-Flip Attack" as the site, the command line and the tools see it.
import type { Options, Paper } from "@reprise/experiment";

/** What the verbs take as well. */
export const seed = { kind: "integer", min: 0, default: 0 } as const;
export const bitsOfWeight = "bits of a weight";

const flips = {
  data: {
    kind: "text",
    placeholder: "dir",
    help: "folder with resnet_cifar/resnet20-12fca82f.th, …, cifar10/train4000.bin and cifar10/test1000.bin",
  },
  seed: { ...seed, help: "of samples and random flips" },
  samples: { kind: "integer", min: 2, default: 5, help: "attack samples for each network" },
  bits: { kind: "list", of: "integer", placeholder: "numbers", min: 2, max: 8, default: [8, 6, 4], help: bitsOfWeight },
} as const satisfies Options;

const firstSeed = { ...seed, help: "of the first network and the first sample" } as const;
const networks = {
  kind: "integer",
  min: 2,
  default: 5,
  help: "networks that are trained, by seeds that follow",
} as const;
const epochs = { kind: "integer", min: 1, default: 8, help: "of each training on the bundled digits" } as const;

const checkpoints = { seed: firstSeed, networks, epochs, samples: flips.samples } as const satisfies Options;
const defences = { seed: firstSeed, networks, epochs } as const satisfies Options;

export const paper = {
  key: "journals/corr/abs-1903-12269",
  method: "bit-flip",
  summary: "the few bits whose flips break a quantised classifier (Rakin et al. 2019)",
  experiments: {
    flips: { summary: "flips to a guess of CIFAR-10 networks, and as many random ones", options: flips },
    checkpoints: {
      summary: "the same for networks of ours on digits: what depends on the network, and what on the sample",
      options: checkpoints,
    },
    defences: { summary: "five defences on digits: accuracy, flips to a guess, storage", options: defences },
  },
  assets: [
    { path: "models/*.onnx", type: "application/octet-stream", maxBytes: 200_000 },
    { path: "models/models.json", type: "application/json", maxBytes: 10_000 },
    { package: "@reprise/data", path: "mnist-subset/*.gz", type: "application/gzip", maxBytes: 500_000 },
  ],
} as const satisfies Paper;
