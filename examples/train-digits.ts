// Trains a network on the 2,000 digits that come with this repository, or by its own recipe on all of MNIST:
//     node examples/train-digits.ts [folder of MNIST] [network]
// and writes an ONNX file that any runtime loads. Stop it with Ctrl-C and start it again: it goes on where it was.
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadMnist, mnistSubset, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { exportNetwork, networkByName, trainClassifier } from "@reprise/nn";
import { loadCheckpoint, saveCheckpoint } from "@reprise/nn/node";

const [folder, name = "fc100-100-10"] = process.argv.slice(2);
const network = networkByName(name);
const load = (split: "train" | "test") => (folder ? loadMnist(folder, { split }) : mnistSubset({ split }));
const kept = join(tmpdir(), `reprise-${name}${folder ? "" : "-subset"}.safetensors`);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

// The runtime has a thread of its own, so that this one hears Ctrl-C; small networks gain nothing from more than one.
const runtime = nodeWorkerRuntime({ threads: 1 });
const resume = await loadCheckpoint(kept, network).catch(() => undefined);

try {
  const { state } = await trainClassifier(runtime, network, {
    examples: await load("train"),
    validation: await load("test"),
    recipe: folder ? {} : { optimizer: "adam", epochs: 10, batchSize: 50, learningRate: 4e-3 },
    seed: 0,
    signal: stop.signal,
    ...(resume ? { resume } : {}),
    async onProgress(event) {
      if (event.kind === "checkpoint") await saveCheckpoint(kept, event.checkpoint, network);
      if (event.kind !== "validation") return;
      const { loss, accuracy } = event.metrics;
      const error = (100 - 100 * accuracy!).toFixed(2);
      console.log(`epoch ${event.epoch + 1}: test loss ${loss!.toFixed(3)}, error ${error} %`);
    },
  });
  const model = exportNetwork(network, state, { metadata: { command: "examples/train-digits.ts", seed: "0" } });
  const path = join(tmpdir(), `reprise-${name}.onnx`);
  await writeFileAtomic(path, model);
  await rm(kept, { force: true });
  console.log(`${path}: ${model.length} bytes`);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.log(`stopped; ${kept} holds everything to go on`);
} finally {
  await runtime.release();
}
