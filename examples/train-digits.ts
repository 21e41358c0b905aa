// Trains the two-layer network of Szegedy et al. 2013 on the 2,000 digits that come with this repository, and writes an
// ONNX file that any runtime loads. Stop it with Ctrl-C and start it again: it goes on where it was.
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mnistSubset, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { exportNetwork, networkByName, trainClassifier } from "@reprise/nn";
import { loadCheckpoint, saveCheckpoint } from "@reprise/nn/node";

const network = networkByName("fc100-100-10");
const kept = join(tmpdir(), "reprise-train-digits.safetensors");
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

// The runtime has a thread of its own, so that this one hears Ctrl-C.
const runtime = nodeWorkerRuntime();
const resume = await loadCheckpoint(kept, network).catch(() => undefined);
const run = trainClassifier(runtime, network, {
  examples: await mnistSubset({ split: "train" }),
  validation: await mnistSubset({ split: "test" }),
  recipe: { epochs: 10, batchSize: 50 },
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
      const path = join(tmpdir(), "reprise-digits.onnx");
      await writeFileAtomic(path, model);
      await rm(kept, { force: true });
      console.log(`${path}: ${model.length} bytes`);
      break;
    }
    if (value.type === "checkpoint") await saveCheckpoint(kept, value.checkpoint, network);
    if (value.type === "validation") {
      const { loss, accuracy } = value.metrics;
      console.log(`epoch ${value.epoch + 1}: loss ${loss!.toFixed(3)}, ${(100 * accuracy!).toFixed(1)} % of 500 right`);
    }
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.log(`stopped; ${kept} holds everything to go on`);
} finally {
  await runtime.release();
}
