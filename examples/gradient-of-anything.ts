// The gradient of a function you write, the gradient of that gradient, and of an ONNX file somebody else exported.
import { Random } from "@reprise/data";
import {
  compile,
  gradient,
  type Inputs,
  importOnnx,
  mul,
  reduceSum,
  sigmoid,
  softmaxCrossEntropy,
  sub,
  tensor,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { exportNetwork, lenet } from "@reprise/nn";

const runtime = nodeRuntime();

// 1. A function of your own: y = Σ sigmoid(x)·x², its gradient and its second derivative, by one compiled graph.
const own = compile(runtime, ({ x }: Inputs<"x">) => {
  const y = reduceSum(mul(sigmoid(x), mul(x, x)));
  const [dx] = gradient(y, [x]);
  const [ddx] = gradient(reduceSum(dx!), [x]);
  return { y, dx: dx!, ddx: ddx! };
});
const at = await own.run({ x: tensor("float32", [3], [-1, 0.5, 2]) });
console.log("y", at.y.data[0], "\ndy/dx", [...at.dx.data].join(" "), "\nd²y/dx²", [...at.ddx.data].join(" "));

// 2. A model file: here LeNet with untrained weights; any .onnx of known operators does, e.g. by readFile.
const random = new Random(0);
const model = importOnnx(exportNetwork(lenet, { parameters: lenet.init(random) }), { name: "lenet.onnx" });
const attack = compile(runtime, ({ x, labels }: Inputs<"x" | "labels">) => {
  const { logits } = model.apply({ x });
  const loss = softmaxCrossEntropy(logits!, labels);
  return { loss, dx: gradient(loss, [x])[0]! };
});
const image = tensor(
  "float32",
  [1, 1, 28, 28],
  Float32Array.from({ length: 784 }, () => random.uniform()),
);
const labels = tensor("int64", [1], [3]);
const { loss, dx } = await attack.run({ x: image, labels });

// 3. A short step down the gradient lowers the loss by its length times ‖gradient‖.
const norm = Math.hypot(...(dx.data as Float32Array));
const step = compile(runtime, ({ x, d }: Inputs<"x" | "d">) => ({ moved: sub(x, mul(d, 0.1 / norm)) }));
const { moved } = await step.run({ x: image, d: dx });
const after = await attack.run({ x: moved, labels });
console.log(`lenet.onnx: loss ${loss.data[0]}, ‖gradient‖ ${norm}, a step of 0.1 on ${after.loss.data[0]}`);
await runtime.release();
