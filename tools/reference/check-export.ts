// Writes models that the exporter makes to a folder, for check_onnx.py: node tools/reference/check-export.ts FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as engine from "@reprise/engine";
import { cpu, exportOnnx, Graph, gradient, lower, operators, reduceSum, type Value } from "@reprise/engine";

const folder = process.argv[2] ?? ".";
mkdirSync(folder, { recursive: true });
const small = [1, 2, 6, 6];
const models: Record<string, (x: Value) => Value> = {
  elementwise: (x) => engine.clip(engine.leakyRelu(engine.erf(engine.mul(x, 2))), { min: -0.5, max: 0.5 }),
  "conv-pool": (x) => {
    const w = engine.full(x, 0.1, [4, 2, 3, 3]);
    return engine.averagePool(engine.maxPool(engine.conv(x, w, null, { pads: [1, 1] }), { kernel: [2, 2] }), {
      kernel: [3, 3],
    });
  },
  softmax: (x) => engine.logSoftmax(engine.flatten(x)),
  layout: (x) =>
    engine.pad(engine.slice(engine.transpose(x), [{ axis: 0, start: 1, step: 2 }]), [0, 0, 1, 0], [0, 0, 0, 2]),
  normalisation: (x) => {
    const two = engine.constant(x, engine.tensor("float32", [2], [1, 2]));
    const { y } = engine.batchNormalizationTraining(x, { scale: two, bias: two });
    const row = engine.constant(x, engine.tensor("float32", [6], [1, 2, 3, 4, 5, 6]));
    return engine.lrn(engine.layerNormalization(y, { scale: row, bias: row }), { size: 3 });
  },
  resampling: (x) => {
    const boxes = engine.constant(x, engine.tensor("float32", [1, 4], [0, 1, 3, 4]));
    const batch = engine.constant(x, engine.tensor("int64", [1], [0]));
    const regions = engine.roiAlign(x, boxes, batch, { outputSize: 3 });
    return engine.resize(engine.resize(regions, [6, 6]), [5, 4], { mode: "linear" });
  },
  sums: (x) => engine.cumSum(engine.topK(engine.einsum("nchw,ncwk->nhk", x, x), 3).values),
  quantised: (x) => {
    const scale = x.graph.constant(0.1);
    const zero = engine.constant(x, engine.tensor("int8", [], [3]));
    return engine.dequantizeLinear(engine.quantizeLinear(x, scale, zero), scale, zero);
  },
  activations: (x) => engine.pRelu(engine.hardSwish(engine.celu(engine.selu(engine.elu(x)))), x.graph.constant(0.2)),
  scatter: (x) =>
    engine.trilu(
      engine.padWith(
        engine.gatherND(x, x.graph.constant(engine.tensor("int64", [2, 2], [0, 1, 0, 0]))),
        "reflect",
        [0, 1, 1],
        [0, 0, 1],
      ),
    ),
  indexing: (x) => engine.gather(engine.reshape(x, [-1]), x.graph.constant(engine.tensor("int64", [3], [1, 1, 5]))),
};
for (const [name, f] of Object.entries(models)) {
  const graph = new Graph(operators);
  const x = graph.input("x", "float32", small);
  const y = f(x);
  graph.output("y", y);
  graph.output("dx", gradient(reduceSum(engine.mul(y, y)), [x])[0]!);
  writeFileSync(join(folder, `${name}.onnx`), exportOnnx(lower(graph, cpu)));
}
