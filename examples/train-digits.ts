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
const run = trainClassifier(runtime, network, {
  examples: await load("train"),
  validation: await load("test"),
  recipe: folder ? {} : { optimizer: "adam", epochs: 10, batchSize: 50, learningRate: 4e-3 },
  seed: 0,
  signal: stop.signal,
  ...(resume ? { resume } : {}),
});

try {
  for (;;) {
    const { done, value } = await run.next();
    if (done) {
      const model = exportNetwork(network, value.state, {
        metadata: { command: "examples/train-digits.ts", seed: "0" },
      });
      const path = join(tmpdir(), `reprise-${name}.onnx`);
      await writeFileAtomic(path, model);
      await rm(kept, { force: true });
      console.log(`${path}: ${model.length} bytes`);
      break;
    }
    if (value.type === "checkpoint") await saveCheckpoint(kept, value.checkpoint, network);
    if (value.type === "validation") {
      const { loss, accuracy } = value.metrics;
      console.log(
        `epoch ${value.epoch + 1}: test loss ${loss!.toFixed(3)}, error ${(100 - 100 * accuracy!).toFixed(2)} %`,
      );
    }
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.log(`stopped; ${kept} holds everything to go on`);
} finally {
  await runtime.release();
}
