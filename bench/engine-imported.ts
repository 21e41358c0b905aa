// Input gradients of imported ONNX classifiers (torchvision's, random weights) against PyTorch: agreement and speed. NET=resnet18,… chooses.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { compile, gradient, type Inputs, importOnnx, softmaxCrossEntropy, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { compare, printMachine, pythonPeer, seconds } from "./harness.ts";

const all =
  "alexnet vgg11 resnet18 resnet50 squeezenet1_0 densenet121 googlenet inception_v3 shufflenet_v2_x1_0 mobilenet_v2 mobilenet_v3_small mnasnet1_0 efficientnet_b0 regnet_y_400mf convnext_tiny vit_b_16 swin_t";
const goals: Record<string, number> = { resnet18: 1.8, mobilenet_v2: 1.8 };
/** What users of PyTorch write to get the gradient of an input, and how much else it computes. */
const sides = {
  "PyTorch, weights frozen": { weights: "frozen" },
  "PyTorch, autograd.grad of the input": { weights: "trainable", autograd: true },
  "PyTorch, loss.backward()": { weights: "trainable" },
};
const threads = Number(process.env.THREADS ?? availableParallelism());
const floats = (path: string) => new Float32Array(new Uint8Array(readFileSync(path)).buffer);

printMachine();
const peer = await pythonPeer("torch_input_gradient.py", ["torch", "torchvision"], [String(threads)]);
if (peer) {
  const folder = mkdtempSync(join(tmpdir(), "reprise-bench-"));
  for (const name of (process.env.NET ?? all).split(/[ ,]/)) {
    const { shape, error: theirs } = await peer.ask<{ shape: number[]; error: number }>({ export: name, folder });
    const model = importOnnx(readFileSync(join(folder, `${name}.onnx`)), { name });
    if (model.unknown.length > 0) {
      console.log(
        `${name}: not differentiable yet, unknown ${[...new Set(model.unknown.map(({ op }) => op))].join(", ")}`,
      );
      continue;
    }
    const f = compile(
      nodeRuntime({ threads }),
      ({ x, t }: Inputs<"x" | "t">) => ({ dx: gradient(softmaxCrossEntropy(model.apply({ x }).y!, t), [x])[0]! }),
      { purpose: "infer" },
    );
    const x = tensor("float32", shape, floats(join(folder, "x.bin")));
    const t = tensor(
      "int64",
      [shape[0]!],
      Array.from({ length: shape[0]! }, (_, i) => i),
    );
    const want = floats(join(folder, "dx.bin"));
    const got = (await f.run({ x, t })).dx.data as Float32Array;
    const norm = Math.sqrt(want.reduce((sum, v) => sum + v * v, 0));
    const error = Math.sqrt(got.reduce((sum, v, i) => sum + (v - want[i]!) ** 2, 0)) / norm;
    console.log(
      `${name}: relative error of the gradient against float64: ours ${error.toExponential(1)}, PyTorch's float32 ${theirs.toExponential(1)} (‖dx‖ = ${norm.toExponential(2)})`,
    );
    if (process.env.SPEED !== "0") {
      const repeat = 3;
      const gradients = async () => {
        for (let i = 0; i < repeat; i++) await f.run({ x, t });
      };
      const ours = { name: "Reprise", run: async () => (await seconds(gradients)) / repeat };
      for (const [side, how] of Object.entries(sides)) {
        const run = async () =>
          (await peer.ask<{ seconds: number }>({ run: name, steps: repeat, ...how })).seconds / repeat;
        await compare(
          `  batch ${shape[0]}, ${threads} threads`,
          ours,
          { name: side, run },
          {
            rounds: 9,
            ...(goals[name] && { goal: goals[name] }),
          },
        );
      }
    }
    await f.release();
    rmSync(join(folder, `${name}.onnx`));
  }
  rmSync(folder, { recursive: true });
  peer.close();
}
