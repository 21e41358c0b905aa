// Before each test file that shares a process: ONNX Runtime makes the thread that runs a model take subnormal numbers
// for zero, from then on. So that no test depends on who came before it, they all start that way.
import { compile, type Inputs, mul, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";

const smallest = Float64Array.of(Number.MIN_VALUE);
if (smallest[0] !== 0) {
  const runtime = nodeRuntime({ threads: 1 });
  const twice = compile(runtime, ({ x }: Inputs<"x">) => ({ y: mul(x, 2) }));
  await twice.run({ x: tensor("float32", [1], [1]) });
  await runtime.release();
}
