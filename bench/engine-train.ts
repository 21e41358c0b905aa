// Training steps of MLP, LeNet, ResNet-20 and ResNet-50 against PyTorch, same machine and threads. NET=mlp,… chooses, THREADS=1; PROFILE=1 shows where our time goes.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { nodeRuntime } from "@reprise/engine/node";
import { compare, printMachine, pythonPeer } from "./harness.ts";
import { profiled } from "./profile.ts";
import { startTraining, workloads } from "./training/workloads.ts";

const nets = (process.env.NET ?? "mlp,lenet,resnet20,resnet50").split(",");
if (nets.length > 1) {
  // A training is a process of its own, on both sides: what one workload leaves in memory is not the next one's.
  for (const net of nets) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename], {
      stdio: "inherit",
      env: { ...process.env, NET: net },
    });
    if (status !== 0) process.exitCode = 1;
  }
} else await measure(nets[0]!);

async function measure(net: string): Promise<void> {
  printMachine();
  const threads = Number(process.env.THREADS ?? availableParallelism());
  const work = workloads[net]!();
  if (process.env.PROFILE) {
    const { loaded: training, print } = await profiled(async () => {
      const training = await startTraining(nodeRuntime({ threads }), work);
      await training.steps(1);
      return training;
    });
    await training.steps(Math.max(work.steps, 5));
    console.log(`${net}, batch ${work.input[0]}, ${threads} threads`);
    print();
    return;
  }
  const training = await startTraining(nodeRuntime({ threads }), work);
  const ours = { name: "Reprise", run: async () => (await training.steps(work.steps)) / 1000 };
  const peer = await pythonPeer("torch_train.py", ["torch", "torchvision"], [String(threads)]);
  if (!peer) {
    console.log(`${net}: ${(await ours.run()) * 1e3} ms a step, no peer to compare with`);
    return;
  }
  const theirs = {
    name: "PyTorch",
    run: async () => (await peer.ask<{ seconds: number }>({ net, steps: work.steps })).seconds / work.steps,
  };
  // The first steps find out what memory a step needs, on both sides; a training has thousands.
  await training.steps(3);
  await peer.ask({ net, steps: 3 });
  const { ours: time } = await compare(`${net}, batch ${work.input[0]}, ${threads} threads`, ours, theirs, {
    rounds: work.rounds,
    goal: work.goal,
  });
  console.log(`  ${work.gflop} GFLOP a step: ${(work.gflop / time).toFixed(0)} GFLOP/s\n`);
  await training.release();
  peer.close();
}
