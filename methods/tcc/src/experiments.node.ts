// The data of the experiments on Node: drawn from a seed, so nothing is read.
import { createHash } from "node:crypto";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { Data, NodeExperiments } from "@reprise/experiment";
import { drawPouring, type Pouring, type PouringSize, experiments as tables, testVideos } from "./experiments.ts";

export const experiments: NodeExperiments = {
  ...tables,
  async open({ settings }) {
    const { level, videos, seed } = settings as unknown as PouringSize;
    let drawn: Pouring | undefined;
    const pouring: Data<Pouring> = {
      name: `${videos} + ${testVideos} generated videos of pouring, ${level}`,
      sha256: createHash("sha256")
        .update(JSON.stringify({ generator: "pouring/1", level, videos, seed }))
        .digest("hex"),
      load: async () => {
        drawn ??= drawPouring({ level, videos, seed });
        return drawn;
      },
    };
    const lane = nodeWorkerRuntime();
    return {
      settings,
      data: (name) => (name === "pouring" ? pouring : undefined),
      missing: [],
      lanes: [lane],
      release: () => lane.release(),
    };
  },
};
