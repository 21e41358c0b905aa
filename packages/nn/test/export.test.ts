import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@reprise/data";
import { reshape, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import { evaluator, exportNetwork, mlp, networkByName } from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());
const folder = mkdtempSync(join(tmpdir(), "reprise-export-"));
afterAll(() => rmSync(folder, { recursive: true }));

const images = (count: number) => {
  const random = new Random(3);
  return tensor(
    "float32",
    [count, 1, 28, 28],
    Float32Array.from({ length: count * 784 }, () => random.uniform()),
  );
};

/** What Debian's python3-onnx and PyTorch-free NumPy say of a model. */
const checker = `
import sys, json, onnx
from onnx import numpy_helper
m = onnx.load(sys.argv[1]); onnx.checker.check_model(m, full_check=True)
d = lambda v: [x.dim_param or x.dim_value for x in v.type.tensor_type.shape.dim]
print(json.dumps({"x": d(m.graph.input[0]), "logits": d(m.graph.output[0]), "inputs": len(m.graph.input),
  "weights": {i.name: list(i.dims) for i in m.graph.initializer}, "metadata": {p.key: p.value for p in m.metadata_props}}))
`;
const python = (() => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import onnx"], { stdio: "ignore" });
    return "/usr/bin/python3";
  } catch {
    return null;
  }
})();

describe.each(["fc100-100-10", "lenet"])("%s", (name) => {
  const network = networkByName(name);
  const weights = { parameters: network.init(new Random(1)) };
  const model = exportNetwork(network, weights, { metadata: { command: "train --seed 1", seed: "1" } });

  test("ONNX Runtime gives the network's logits at any batch size", async () => {
    const session = await runtime.load(model, { purpose: "infer" });
    const scorer = evaluator(runtime, network, { batchSize: 4 });
    for (const count of [1, 5]) {
      const x = images(count);
      const { logits } = await session.run({ x });
      const expected = await scorer.logits(weights, x);
      expect(logits!.shape).toEqual([count, 10]);
      for (const [i, value] of expected.entries()) expect(logits!.data[i]).toBeCloseTo(value, 5);
    }
    await session.release();
    await scorer.release();
  });

  test.skipIf(!python)("the ONNX checker (python3-onnx) accepts it and finds weights and metadata by name", () => {
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, model);
    const seen = JSON.parse(execFileSync(python!, ["-c", checker, path], { encoding: "utf8" })) as {
      weights: Record<string, number[]>;
    };
    expect(seen).toMatchObject({ x: ["N", 1, 28, 28], logits: ["N", 10], inputs: 1 });
    expect(seen).toMatchObject({ metadata: { network: name, command: "train --seed 1", seed: "1" } });
    expect(seen.weights).toMatchObject(network.parameters);
  });
});

test("weights that do not fit, are not finite, or a graph bound to one batch size are refused", () => {
  const network = mlp({ units: [4, 2], inputShape: [3] });
  const parameters = network.init(new Random(1));
  expect(() => exportNetwork(network, { parameters: parameters.slice(1) })).toThrow(
    /fc4-2: 25 parameters given, the network has 26/,
  );
  const broken = parameters.slice();
  broken[13] = Number.NaN;
  expect(() => exportNetwork(network, { parameters: broken })).toThrow(/"fc1\.bias" of fc4-2 holds NaN at 1/);
  const stuck = {
    ...network,
    forward: (...[p, x, context]: Parameters<typeof network.forward>) =>
      network.forward(p, reshape(reshape(x, [x.shape[0]! * 3]), x.shape), context),
  };
  expect(() => exportNetwork(stuck, { parameters })).toThrow(
    /Reshape of fc4-2 depends on the batch size \(\{"shape":\[6\]\}\)/,
  );
});
