// The gradient of an ONNX classifier's loss in its input: node examples/differentiate-any-onnx.ts [model.onnx]
// Without a file it makes a small convolutional classifier first, so that it runs as it stands.
import { readFileSync } from "node:fs";
import * as re from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";

const wave = (shape: number[], phase: number) =>
  re.tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.3 * Math.sin(1.7 * i + phase)),
  );

function smallClassifier(): Uint8Array {
  const graph = re.trace(
    ({ image }: re.Inputs<"image">) => {
      const weight = (shape: number[], phase: number) => image.graph.constant(wave(shape, phase));
      const h = re.maxPool(re.relu(re.conv(image, weight([8, 3, 3, 3], 1), null, { pads: [1, 1] })), {
        kernel: [4, 4],
      });
      return { logits: re.gemm(re.reshape(h, [-1, 8 * 64]), weight([10, 8 * 64], 2), null, { transB: true }) };
    },
    { image: { dtype: "float32", shape: [1, 3, 32, 32] } },
  );
  return re.exportOnnx(re.lower(graph, re.cpu), { dynamic: { image: ["N"], logits: ["N"] } });
}

const [file] = process.argv.slice(2);
const model = re.importOnnx(file ? readFileSync(file) : smallClassifier(), { name: file ?? "a small classifier" });
const [input] = model.inputs;
const [output] = model.outputs;
const shape = input!.shape!.map((dim) => (typeof dim === "number" && dim > 0 ? dim : 1)); // open dimensions become 1
console.log(`${model.name}: ${input!.name} [${input!.shape}] → ${output!.name}, opset ${model.opset}`);

const lossAndGradient = re.compile(
  nodeRuntime(),
  ({ x, label }: re.Inputs<"x" | "label">) => {
    const logits = model.apply({ [input!.name]: x })[output!.name]!;
    const loss = re.softmaxCrossEntropy(logits, label);
    return { loss, dx: re.gradient(loss, [x])[0]! };
  },
  { purpose: "infer" },
);
const { loss, dx } = await lossAndGradient.run({
  x: wave(shape, 0),
  label: re.tensor("int64", [shape[0]!], Array(shape[0]).fill(0)),
});
const norm = Math.sqrt((dx.data as Float32Array).reduce((sum, d) => sum + d * d, 0));
console.log(
  `cross-entropy towards class 0: ${Number(loss.data[0]).toFixed(4)}; ‖gradient in the input‖ = ${norm.toExponential(3)}`,
);
