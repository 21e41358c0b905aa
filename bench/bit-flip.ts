// CPU seconds of an iteration of progressive bit search against whole forward passes in PyTorch, one thread each, and peak memory (WEIGHTS=resnet20-12fca82f.th SAMPLE=x.npy for published weights; NET=resnet20,resnet18)
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { graphVictim, onnxNetwork, type SearchStep, searchStep } from "@reprise/bit-flip";
import { bytesText, decodeNpy, encodeNpy, ndArray, Random } from "@reprise/data";
import type { Tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import {
  exportNetwork,
  imageNetwork,
  initialWeights,
  readTorchFile,
  stateDictOf,
  weightsFromTensors,
} from "@reprise/nn";
import { compare, printMachine, pythonPeer } from "./harness.ts";

const { WEIGHTS, SAMPLE, NET = "resnet20,resnet18", BITS = "8" } = process.env;
const nets = NET.split(",");
if (nets.length > 1) {
  // A network is a process of its own, so that the peak of memory is its own.
  for (const net of nets) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename], {
      stdio: "inherit",
      env: { ...process.env, NET: net },
    });
    if (status !== 0) process.exitCode = 1;
  }
} else await measure(nets[0]!);

interface PeerAnswer {
  readonly cpu: number;
  readonly peak: number;
  readonly flips: readonly (readonly [string, number[], number[], number[], number])[];
}

async function measure(name: string): Promise<void> {
  printMachine();
  const network = imageNetwork(name);
  const small = name === "resnet20";
  const published = small && WEIGHTS !== undefined && SAMPLE !== undefined;
  const folder = mkdtempSync(join(tmpdir(), "bit-flip-"));
  let sample = SAMPLE ?? "";
  if (!published) {
    const shape = [small ? 128 : 16, ...network.inputShape];
    const random = new Random(0);
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
    sample = join(folder, "sample.npy");
    writeFileSync(sample, encodeNpy(ndArray("float32", shape, data)));
  }
  const weights = published
    ? weightsFromTensors(network, stateDictOf(readTorchFile(readFileSync(WEIGHTS), { source: WEIGHTS })))
    : initialWeights(network, new Random(0));
  const images = decodeNpy(readFileSync(sample), sample) as Tensor<"float32">;
  const model = onnxNetwork(exportNetwork(network, weights), { bits: Number(BITS) });
  const runtime = nodeRuntime({ threads: 1 });
  const victim = await graphVictim(runtime, model, { images });
  const found: SearchStep[] = [];
  const ours = {
    name: "Reprise",
    async run() {
      const before = process.cpuUsage();
      const step = await searchStep(victim);
      const { user, system } = process.cpuUsage(before);
      if (step) found.push(step);
      return (user + system) / 1e6;
    },
  };
  const peer = await pythonPeer(
    "torch_bit_flip.py",
    ["torch", "torchvision", "numpy"],
    [...["1", name, published ? WEIGHTS : "random", sample, BITS]],
  );
  if (!peer) return;
  const answers: PeerAnswer[] = [];
  const theirs = {
    name: "PyTorch",
    async run() {
      const answer = await peer.ask<PeerAnswer>({ steps: 1 });
      answers.push(answer);
      return answer.cpu;
    },
  };
  const what = `${name}, ${BITS} bits, sample ${images.shape[0]}, ${published ? "published" : "random"} weights: CPU seconds an iteration, one thread`;
  const { ratio } = await compare(what, ours, theirs, {
    rounds: Number(process.env.ROUNDS ?? (small ? 9 : 3)),
    goal: small ? 2 : 1 / 0.6,
  });
  console.log(`  ours ÷ theirs ${(1 / ratio).toFixed(2)} (goal ${small ? 0.5 : 0.6})`);
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(`  peak memory: Reprise ${bytesText(peak)}, PyTorch ${bytesText(answers.at(-1)!.peak)}`);
  if (published) {
    const own = found.map(({ flips: [flip] }) => `${victim.layers[flip!.layer]!.name}[${flip!.index}]`);
    const other = answers.map(({ flips: [flip] }) => `${flip![0]}[${flip![1][0]}]`);
    console.log(`  the same flips: ${own.join() === other.join() ? "yes" : "no"} (${own.length})`);
  }
  await victim.release();
  await runtime.release();
  peer.close();
  rmSync(folder, { recursive: true });
}
