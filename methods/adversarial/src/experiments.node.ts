// The data and the runtimes of the tables on Node.
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { type LabelledImages, mnistHalves } from "@reprise/data";
import { loadMnist, mnistSubset } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { Data, NodeExperiments } from "@reprise/experiment";
import type { Digits } from "./experiments/steps.ts";
import { experiments as tables } from "./experiments.ts";

/** Trainings at once when nothing is said; only §4.2's are so many that more than one runtime pays. */
const mostJobs = 4;

export const experiments: NodeExperiments = {
  ...tables,
  async open({ folder, parts, settings }) {
    const load = (split: "train" | "test") => (folder ? loadMnist(folder, { split }) : mnistSubset({ split }));
    const [train, test] = await Promise.all([load("train"), load("test")]);
    const fewest = Math.min(train.labels.data.length, test.labels.data.length);
    const images = (settings.images as number | undefined) ?? Math.min(1000, fewest);
    if (!(Number.isInteger(images) && images >= 2 && images <= fewest))
      throw new RangeError(`images is ${images}; expected 2 to ${fewest}, which both parts of the data have`);
    const content: Digits = { train, test, ...mnistHalves(train) };
    const digits: Data<Digits> = {
      name: "MNIST",
      sha256: hashOf(train, test),
      count: train.labels.data.length,
      load: async () => content,
    };
    const jobs = (settings.jobs as number | undefined) ?? Math.min(mostJobs, availableParallelism());
    // Each model has a thread of its own, so that this one solves meanwhile and hears Ctrl-C.
    const lanes = Array.from({ length: parts.includes("regularisation") ? jobs : 1 }, () =>
      nodeWorkerRuntime({ threads: 1 }),
    );
    return {
      settings: { ...settings, images },
      data: (name) => (name === "digits" ? digits : undefined),
      missing: [],
      lanes,
      release: async () => void (await Promise.all(lanes.map((lane) => lane.release()))),
    };
  },
};

/** SHA-256 of the pixels (float32 in [0, 1]) and labels (int32) of the training set, then of the test set. */
function hashOf(...sets: readonly LabelledImages[]): string {
  const hash = createHash("sha256");
  for (const { images, labels } of sets) hash.update(images.data).update(labels.data);
  return hash.digest("hex");
}
