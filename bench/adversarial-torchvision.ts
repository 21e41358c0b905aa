// Attacks on torchvision's classifiers (random weights, exported by PyTorch), and their gradients against PyTorch's. NET=resnet18,… chooses.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import {
  deepFool,
  type OnnxClassifier,
  onnxClassifier,
  perturb,
  pgd,
  predictedLabel,
  runAttack,
  untargeted,
} from "@reprise/adversarial";
import {
  exportOnnx,
  gradient,
  type Inputs,
  importOnnx,
  lower,
  reference,
  softmaxCrossEntropy,
  tensor,
  trace,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { median, printMachine, pythonPeer, seconds } from "./harness.ts";

const all =
  "alexnet vgg11 resnet18 resnet50 squeezenet1_0 densenet121 googlenet inception_v3 shufflenet_v2_x1_0 mobilenet_v2 mobilenet_v3_small mnasnet1_0 efficientnet_b0 regnet_y_400mf convnext_tiny vit_b_16 swin_t";
const threads = Number(process.env.THREADS ?? availableParallelism());
const batch = 2;
const floats = (path: string) => new Float32Array(new Uint8Array(readFileSync(path)).buffer);

printMachine();
const peer = await pythonPeer("torch_input_gradient.py", ["torch", "torchvision"], [String(threads), String(batch)]);
if (!peer) process.exit(0);
const folder = mkdtempSync(join(tmpdir(), "reprise-bench-"));
console.log(
  "| network | gradient's error in float64 | in float32: median, worst | PyTorch's float32 | L-BFGS | PGD L∞, ε = 1/255 | DeepFool | s |\n" +
    "|---|---|---|---|---|---|---|---|",
);
try {
  for (const name of (process.env.NET ?? all).split(/[ ,]/)) {
    const { shape, errors: theirs } = await peer.ask<{ shape: number[]; errors: number[] }>({
      export: name,
      folder,
      unfolded: true,
    });
    const runtime = nodeRuntime({ threads });
    const path = join(folder, `${name}.onnx`);
    const classifier = await onnxClassifier(runtime, readFileSync(path), { name, sharpness: 1, batchSizes: [batch] });
    const images = floats(join(folder, "x.bin"));
    const want = new Float64Array(new Uint8Array(readFileSync(join(folder, "dx64.bin"))).buffer);
    const ours = await gradientErrors(classifier, images, want);
    const unfolded = join(folder, `${name}.unfolded.onnx`);
    const exact = await float64Error(readFileSync(unfolded), name, images, want);
    rmSync(unfolded);
    let attacks: string[] = [];
    const took = await seconds(async () => {
      attacks = await attacked(classifier, images);
    });
    const range = (errors: readonly number[]) =>
      `${median(errors).toExponential(1)}, ${Math.max(...errors).toExponential(1)}`;
    console.log(
      `| ${name} (${shape.slice(1).join("×")}) | ${exact.toExponential(1)} | ${range(ours)} | ${range(theirs)} | ${attacks.join(" | ")} | ${took.toFixed(0)} |`,
    );
    await classifier.release();
    await runtime.release();
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true });
  peer.close();
}

/** ‖ours − float64‖ / ‖float64‖ of each image; the peer's loss is the mean over the batch, ours of each image. */
async function gradientErrors(classifier: OnnxClassifier, images: Float32Array, want: Float64Array): Promise<number[]> {
  const labels = Int32Array.from({ length: batch }, (_, i) => i);
  const { gradient } = await classifier.lossAndGradient(images, labels, batch);
  return Array.from({ length: batch }, (_, row) => relativeError(gradient, want, row));
}

/** The same of the first image with everything in float64: what is left is no rounding at rectifiers, only a wrong rule. */
async function float64Error(
  bytes: Uint8Array,
  name: string,
  images: Float32Array,
  want: Float64Array,
): Promise<number> {
  const model = importOnnx(bytes, { name });
  const runtime = nodeRuntime({ threads, target: "reference" });
  const n = images.length / batch;
  const shape = [1, ...model.inputs[0]!.shape!.slice(1)] as number[];
  const graph = trace(
    ({ x, t }: Inputs<"x" | "t">) => ({ dx: gradient(softmaxCrossEntropy(model.apply({ x }).y!, t), [x])[0]! }),
    { x: { dtype: "float32", shape }, t: { dtype: "int64", shape: [1] } },
  );
  const session = await runtime.load(exportOnnx(lower(graph, reference)), { purpose: "infer" });
  const image = tensor("float64", shape, images.subarray(0, n));
  const { dx } = await session.run({ x: image, t: tensor("int64", [1], [0]) });
  await session.release();
  await runtime.release();
  return relativeError(dx!.data as Float64Array, want, 0);
}

/** The peer's loss is the mean over the batch, ours of one image. */
function relativeError(gradient: ArrayLike<number>, want: Float64Array, row: number): number {
  const n = want.length / batch;
  let difference = 0;
  let squares = 0;
  for (let i = row * n; i < (row + 1) * n; i++) {
    difference += (gradient[i]! / batch - want[i]!) ** 2;
    squares += want[i]! ** 2;
  }
  return Math.sqrt(difference / squares);
}

/** How many images the paper's attack, PGD and DeepFool carry to another label, at small budgets. */
async function attacked(classifier: OnnxClassifier, images: Float32Array): Promise<string[]> {
  const k = classifier.classes;
  const logits = await classifier.logits(images, batch);
  const rows = Array.from({ length: batch }, (_, row) => logits.subarray(row * k, (row + 1) * k));
  const labels = Int32Array.from(rows, predictedLabel);
  const runnersUp = Int32Array.from(rows, (z, row) =>
    predictedLabel(z.map((v, j) => (j === labels[row] ? -Infinity : v))),
  );
  const paper = await perturb(classifier, images, labels, {
    target: runnersUp,
    bisections: 1,
    maxIterations: 10,
    polishSteps: 4,
  });
  const [linf] = await runAttack(pgd({ steps: 10 }), classifier, images, untargeted(labels), { epsilons: [1 / 255] });
  const [nearest] = await runAttack(deepFool({ steps: 10, candidates: 5 }), classifier, images, untargeted(labels));
  const of = (won: number, what: string) => `${won} of ${batch}${what}`;
  const moved = (results: readonly { readonly distortion: number }[]) =>
    `, ${median(results.map(({ distortion }) => distortion)).toExponential(1)}`;
  return [
    of(paper.filter(({ status }) => status === "success").length, moved(paper)),
    of(linf!.success.filter(Boolean).length, ""),
    of(nearest!.success.filter(Boolean).length, moved(nearest!.rows)),
  ];
}
