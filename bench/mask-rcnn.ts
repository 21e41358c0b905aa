// maskrcnn_resnet50_fpn with random weights against torchvision on 2 threads, each in a process of its own, alternating:
// inference at 800 × 1066 and a training step at 512². The second picture, the third step is measured.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "@reprise/data";
import { nodeRuntime } from "@reprise/engine/node";
import { MaskRcnn, MaskRcnnTraining, torchvisionWeights } from "@reprise/mask-rcnn";
import { readTorchFile, stateDictOf } from "@reprise/nn";
import { median, printMachine, pythonPeer, seconds } from "./harness.ts";

interface Run {
  readonly seconds: number;
  readonly peakMb: number;
}

const [, , mode, weights] = process.argv;
if (mode === "infer" || mode === "train") {
  const taken = await (mode === "infer" ? inference : step)(weights!);
  console.log(JSON.stringify({ seconds: taken, peakMb: process.resourceUsage().maxRSS / 1024 }));
} else await compareWithPeer();

function stateOf(path: string) {
  return torchvisionWeights(stateDictOf(readTorchFile(readFileSync(path), { source: path })));
}

function noise(height: number, width: number, random: Random) {
  return { height, width, data: Uint8Array.from({ length: 3 * height * width }, () => random.integer(256)) };
}

async function inference(path: string): Promise<number> {
  const model = new MaskRcnn(nodeRuntime({ threads: 2 }), stateOf(path));
  const random = new Random(0);
  let taken = 0;
  for (let i = 0; i < 2; i++) {
    const picture = noise(800, 1066, random);
    taken = await seconds(() => model.segment([picture]));
  }
  return taken;
}

async function step(path: string): Promise<number> {
  const training = await MaskRcnnTraining.start(nodeRuntime({ threads: 2 }), stateOf(path), {
    minSize: 512,
    maxSize: 512,
    limits: { preNms: 2000, postNms: 1000 },
    frozen: (name) => /^backbone\.body\.(conv1|layer1)\./.test(name),
  });
  const random = new Random(0);
  const mask = new Uint8Array(512 * 512);
  for (let y = 100; y < 300; y++) mask.fill(1, 512 * y + 120, 512 * y + 260);
  const targets = [{ boxes: Float32Array.of(120, 100, 260, 300), labels: [1], masks: [mask] }];
  let taken = 0;
  for (let i = 0; i < 3; i++) {
    const picture = noise(512, 512, random);
    taken = await seconds(() => training.run([picture], targets, { learningRate: 1e-4 }));
  }
  return taken;
}

async function compareWithPeer(): Promise<void> {
  printMachine();
  const python = process.env.PYTHON ?? "/usr/bin/python3";
  const peer = fileURLToPath(new URL("peers/torch_mask_rcnn.py", import.meta.url));
  const probe = await pythonPeer("torch_mask_rcnn.py", ["torch", "torchvision"]);
  if (!probe) return;
  probe.close();
  const folder = mkdtempSync(join(tmpdir(), "reprise-mask-rcnn-"));
  const file = join(folder, "weights.pth");
  try {
    execFileSync(python, [peer, "weights", file]);
    const env = { ...process.env, OMP_WAIT_POLICY: "PASSIVE" };
    const json = (program: string, args: string[]) =>
      JSON.parse(execFileSync(program, args, { encoding: "utf8", env })) as Run;
    for (const [what, goal] of [
      ["infer", 1.5],
      ["train", 1],
    ] as const) {
      const pairs = Array.from({ length: Number(process.env.ROUNDS ?? 3) }, () => ({
        ours: json(process.execPath, [fileURLToPath(import.meta.url), what, file]),
        theirs: json(python, [peer, what, file]),
      }));
      for (const key of ["seconds", "peakMb"] as const) {
        const of = (side: "ours" | "theirs") => median(pairs.map((pair) => pair[side][key])).toFixed(2);
        const ratio = median(pairs.map(({ ours, theirs }) => theirs[key] / ours[key])).toFixed(2);
        const wanted = key === "seconds" ? `   goal ${goal}` : "";
        console.log(`${what}, ${key}: ours ${of("ours")}, torchvision ${of("theirs")}, ratio ${ratio}${wanted}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
