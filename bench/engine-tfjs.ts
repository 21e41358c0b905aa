// Training steps of MLP, LeNet and ResNet-20 against TensorFlow.js on the same machine. TFJS=FOLDER names a folder where `npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm` was run; NET=mlp,… chooses.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { nodeRuntime } from "@reprise/engine/node";
import { compare, Peer, printMachine } from "./harness.ts";
import { startTraining, workloads } from "./training/workloads.ts";

interface Answer {
  readonly seconds: number;
  readonly backend: string;
  readonly version: string;
  /** Why it does not train on WASM. */
  readonly missing?: string;
}

/** Their steps in one round, the images of a step, and rounds. Plain JavaScript takes seconds for a few images. */
const share: Record<string, { steps: number; images: number; rounds: number }> = {
  mlp: { steps: 20, images: 128, rounds: 5 },
  lenet: { steps: 1, images: 4, rounds: 3 },
  resnet20: { steps: 1, images: 4, rounds: 3 },
};

printMachine();
const folder = process.env.TFJS;
if (!folder) console.log("skipped: TFJS must name a folder with @tensorflow/tfjs in its node_modules");
else {
  const threads = availableParallelism();
  for (const net of (process.env.NET ?? "mlp,lenet,resnet20").split(",")) {
    const work = workloads[net]!();
    const { steps, images, rounds } = share[net]!;
    const batch = work.input[0]!;
    const training = await startTraining(nodeRuntime({ threads }), work);
    const script = fileURLToPath(new URL("peers/tfjs_train.mjs", import.meta.url));
    const peer = new Peer(spawn(process.execPath, [script, folder]));
    const { backend, version, missing } = await peer.ask<Answer>({ net, steps: 0, images });
    if (missing) console.log(`${net}: TensorFlow.js does not train it on WASM: ${missing}`);
    await compare(
      `${net}, a batch of ${batch}${images < batch ? `; TensorFlow.js had ${images} images, times ${batch / images}` : ""}`,
      { name: `Reprise, ${threads} threads`, run: async () => (await training.steps(work.steps)) / 1000 },
      {
        name: `TensorFlow.js ${version}, ${backend}`,
        run: async () => ((await peer.ask<Answer>({ net, steps, images })).seconds / steps) * (batch / images),
      },
      { rounds, goal: 10 },
    );
    await training.release();
    peer.close();
  }
}
