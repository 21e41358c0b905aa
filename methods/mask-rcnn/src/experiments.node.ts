// The experiments on Node: pictures are generated, so that nothing is read.
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { Data, NodeExperiments } from "@reprise/experiment";
import { experiments as tables } from "./experiments.ts";
import type { ShapesOptions } from "./shapes.ts";

/** Raised whenever the generator draws other pictures from the same seed. */
const generator = { name: "shapes", version: 1 };
const options: ShapesOptions = { height: 128, width: 128, most: 4 };

export const experiments: NodeExperiments = {
  ...tables,
  async open({ settings }) {
    const sha256 = createHash("sha256").update(JSON.stringify({ generator, options })).digest("hex");
    const shapes: Data<ShapesOptions> = { name: "generated shapes", sha256, load: async () => options };
    const lanes = Array.from({ length: Math.min(2, availableParallelism()) }, () => nodeWorkerRuntime({ threads: 1 }));
    return {
      settings,
      data: (name) => (name === "shapes" ? shapes : undefined),
      missing: [],
      lanes,
      release: async () => {
        await Promise.all(lanes.map((lane) => lane.release()));
      },
    };
  },
};
