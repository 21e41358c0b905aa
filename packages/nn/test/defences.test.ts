import { readFileSync } from "node:fs";
import { Random } from "@reprise/data";
import { add, compile, gradient, mul, reduceSum, type Tensor, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, expect, test } from "vitest";
import { binarise, binarised } from "../src/defences/binarisation.ts";
import { defended, evaluator, initialWeights, piecewiseClustering, resnetCifar } from "../src/index.ts";

/** tools/reference/nn_defences.py, PyTorch 1.13. */
const reference = JSON.parse(readFileSync(new URL("fixtures/defences.json", import.meta.url), "utf8")) as {
  lambda: number;
  weights: { shape: number[]; data: number[] }[];
  clustering: number;
  clusteringGradients: number[][];
  binarised: number[][];
  factors: number[][];
  binarisedGradients: number[][];
};
const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const weights = reference.weights.map(({ shape, data }) => tensor("float32", shape, data));
const inputs = Object.fromEntries(weights.map((w, i) => [`w${i}`, w]));

async function run(loss: (weights: readonly Value[]) => Record<string, Value>): Promise<Record<string, Tensor>> {
  const compiled = compile<string, string>(runtime, (given) => loss(Object.values(given)));
  const answer = await compiled.run(inputs);
  await compiled.release();
  return answer as Record<string, Tensor>;
}

const close = (found: Tensor | Float32Array, wanted: readonly number[]) => {
  const data = "shape" in found ? (found.data as Float32Array) : found;
  expect(data.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) expect(data[i]).toBeCloseTo(value, 5);
};

test("piecewise clustering and its gradients are PyTorch's", async () => {
  const answer = await run((w) => {
    const value = piecewiseClustering(w, reference.lambda);
    return { value, ...Object.fromEntries(gradient(value, w).map((dw, i) => [`d${i}`, dw])) };
  });
  close(answer.value!, [reference.clustering]);
  for (const [i, wanted] of reference.clusteringGradients.entries()) close(answer[`d${i}`]!, wanted);
});

test("binarised weights are PyTorch's, and their gradient passes straight through", async () => {
  const answer = await run((w) => {
    const signs = w.map(binarised);
    const factors = reference.factors.map((f, i) =>
      w[0]!.graph.constant(tensor("float32", weights[i]!.shape, f), "float32"),
    );
    const value = signs.map((b, i) => reduceSum(mul(b, factors[i]!))).reduce(add);
    return {
      ...Object.fromEntries(signs.map((b, i) => [`b${i}`, b])),
      ...Object.fromEntries(gradient(value, w).map((dw, i) => [`d${i}`, dw])),
    };
  });
  for (const [i, wanted] of reference.binarised.entries()) {
    close(answer[`b${i}`]!, wanted);
    close(binarise(weights[i]!.data), wanted);
    close(answer[`d${i}`]!, reference.binarisedGradients[i]!);
  }
});

test("a binarised network and the plain one with its deployed weights give the same scores", async () => {
  const plain = resnetCifar({ depth: 8, inputShape: [1, 8, 8] });
  const network = defended(plain, { kind: "binarisation" });
  const given = initialWeights(network, new Random(3));
  const deployed = network.deployed(given);
  const random = new Random(4);
  const images = tensor(
    "float32",
    [2, 1, 8, 8],
    Float32Array.from({ length: 128 }, () => random.normal()),
  );
  const [a, b] = [evaluator(runtime, network), evaluator(runtime, plain)];
  const scores = await a.logits(given, images);
  close(await b.logits(deployed, images), [...scores]);
  await Promise.all([a.release(), b.release()]);
  // conv1 has two values; batch normalisation and biases are as they were.
  expect(new Set(deployed.parameters.subarray(0, 144)).size).toBe(2);
  expect(deployed.parameters.subarray(144, 176)).toEqual(given.parameters.subarray(144, 176));
});

test("what no defence takes", () => {
  const plain = resnetCifar({ depth: 8 });
  expect(() => defended(plain, { kind: "piecewise-clustering", lambda: 0 })).toThrow(
    "piecewise clustering: λ is 0; expected a number above 0",
  );
  expect(() => defended(plain, { kind: "binarisation", lambda: 1 })).toThrow("binarisation: λ is 1; it has none");
});
