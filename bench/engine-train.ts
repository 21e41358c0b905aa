// Training steps of MLP, LeNet, ResNet-20 and ResNet-50 against PyTorch, same machine and threads. NET=mlp,… chooses, THREADS=1.
import { availableParallelism } from "node:os";
import { nodeRuntime } from "@reprise/engine/node";
import { compare, printMachine, pythonPeer } from "./harness.ts";
import { startTraining, workloads } from "./training/workloads.ts";

printMachine();
const threads = Number(process.env.THREADS ?? availableParallelism());
const peer = await pythonPeer("torch_train.py", ["torch", "torchvision"], [String(threads)]);
for (const net of (process.env.NET ?? "mlp,lenet,resnet20,resnet50").split(",")) {
  const work = workloads[net]!();
  const training = await startTraining(nodeRuntime({ threads }), work);
  const ours = { name: "Reprise", run: async () => (await training.steps(work.steps)) / 1000 };
  if (!peer) {
    console.log(`${net}: ${(await ours.run()) * 1e3} ms a step, no peer to compare with`);
    continue;
  }
  const theirs = {
    name: "PyTorch",
    run: async () => (await peer.ask<{ seconds: number }>({ net, steps: work.steps })).seconds / work.steps,
  };
  const { ours: time } = await compare(`${net}, batch ${work.input[0]}, ${threads} threads`, ours, theirs, {
    rounds: work.rounds,
    goal: work.goal,
  });
  console.log(`  ${work.gflop} GFLOP a step: ${(work.gflop / time).toFixed(0)} GFLOP/s\n`);
  await training.release();
}
peer?.close();
