// The data of the experiments on Node: weights and images that are not shipped, by the folder that holds them.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { decodeCifar, type LabelledImages, unitFloat } from "@reprise/data";
import { mnistSubset, mnistSubsetFolder, readBytes } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { Data, MissingData, NodeExperiments } from "@reprise/experiment";
import { imageNetwork, readTorchFile, stateDictOf, weightsFromTensors } from "@reprise/nn";
import { dataPlaces, weightFiles } from "./experiments/flips.ts";
import { experiments as tables } from "./experiments.ts";

const hashOf = (...files: readonly Uint8Array[]): string => {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file);
  return hash.digest("hex");
};

export const experiments: NodeExperiments = {
  ...tables,
  async open({ folder, settings }) {
    const found = new Map<string, Data>([["digits", await bundledDigits()]]);
    const missing: MissingData[] = [];
    const at = (place: string) => (folder === undefined ? undefined : join(folder, place));
    for (const [network, file] of Object.entries(weightFiles)) {
      const path = at(`resnet_cifar/${file}`);
      if (path === undefined || !existsSync(path)) {
        missing.push(dataPlaces[network]!);
        continue;
      }
      const bytes = await readBytes(path);
      const load = async () =>
        weightsFromTensors(imageNetwork(network), stateDictOf(readTorchFile(bytes, { source: path })), {
          source: path,
        });
      found.set(network, { name: file, sha256: hashOf(bytes), load });
    }
    const [train, test] = [at("cifar10/train4000.bin"), at("cifar10/test1000.bin")];
    if (train !== undefined && test !== undefined && existsSync(train) && existsSync(test)) {
      const files = [await readBytes(train), await readBytes(test)] as const;
      const load = async () => ({ train: labelled(files[0], train), test: labelled(files[1], test) });
      found.set("cifar", { name: "CIFAR-10", sha256: hashOf(...files), load });
    } else missing.push(dataPlaces.cifar!);
    const lane = nodeWorkerRuntime();
    return {
      settings,
      data: (name) => found.get(name),
      missing,
      lanes: [lane],
      release: () => lane.release(),
    };
  },
};

/** The digits that come with the package. */
async function bundledDigits(): Promise<Data> {
  const files = (await readdir(mnistSubsetFolder)).filter((name) => name.endsWith(".gz")).sort();
  const bytes = await Promise.all(files.map((name) => readBytes(join(mnistSubsetFolder, name))));
  const load = async () => {
    const [train, test] = await Promise.all([mnistSubset({ split: "train" }), mnistSubset({ split: "test" })]);
    return { train, test };
  };
  return { name: "bundled digits", sha256: hashOf(...bytes), load };
}

function labelled(bytes: Uint8Array, path: string): LabelledImages {
  const { images, labels } = decodeCifar(bytes, path);
  return { images: unitFloat(images), labels };
}
