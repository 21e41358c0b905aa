import {
  add,
  constant,
  conv,
  exportOnnx,
  flatten,
  Graph,
  importOnnx,
  matMul,
  operators,
  relu,
  tensor,
} from "@reprise/engine";
import { describe, expect, it } from "vitest";
import { modelBounds } from "../src/bounds.ts";
import { spectralNorm } from "../src/spectral-norm.ts";

const wave = (count: number, a: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(a * i * i + i + 1));

/** A convolution alone, [1, C, S, S] → [1, D, …]. */
function convolution(
  shape: number[],
  size: number,
  options: { strides?: number[]; pads?: number[]; group?: number } = {},
) {
  const graph = new Graph(operators);
  const x = graph.input("x", "float32", [1, shape[1]! * (options.group ?? 1), size, size]);
  const weight = wave(
    shape.reduce((a, b) => a * b),
    0.3,
  );
  graph.output("y", conv(x, constant(x, tensor("float32", shape, weight)), null, options));
  return { model: importOnnx(exportOnnx(graph)), weight };
}

/** The convolution as a dense matrix, whose largest singular value is the truth. */
function denseNorm(weight: Float32Array, [D, C, kh, kw]: number[], size: number, stride: number, pad: number): number {
  const out = Math.floor((size + 2 * pad - kh!) / stride) + 1;
  const rows = D! * out * out;
  const columns = C! * size * size;
  const real = new Float64Array(rows * columns);
  for (let d = 0; d < D!; d++)
    for (let y = 0; y < out; y++)
      for (let x = 0; x < out; x++)
        for (let c = 0; c < C!; c++)
          for (let i = 0; i < kh!; i++)
            for (let j = 0; j < kw!; j++) {
              const [v, u] = [y * stride + i - pad, x * stride + j - pad];
              if (v < 0 || u < 0 || v >= size || u >= size) continue;
              real[((d * out + y) * out + x) * columns + (c * size + v) * size + u] =
                weight[((d * C! + c) * kh! + i) * kw! + j]!;
            }
  return spectralNorm({ rows, columns, real, imaginary: undefined });
}

describe("spectralNorm", () => {
  it("a matrix of known singular values, and a complex one", () => {
    // [[3, 0], [4, 5]]: singular values √45 and √5.
    expect(spectralNorm({ rows: 2, columns: 2, real: Float64Array.of(3, 0, 4, 5), imaginary: undefined })).toBeCloseTo(
      Math.sqrt(45),
      5,
    );
    // u v* with u = (1, i), v = (1, 2i): norm √2·√5.
    expect(
      spectralNorm({ rows: 2, columns: 2, real: Float64Array.of(1, 0, 0, 2), imaginary: Float64Array.of(0, -2, 1, 0) }),
    ).toBeCloseTo(Math.sqrt(10), 5);
    expect(spectralNorm({ rows: 1, columns: 2, real: new Float64Array(2), imaginary: undefined })).toBe(0);
  });
});

describe("modelBounds", () => {
  for (const [shape, stride, pad] of [
    [[3, 2, 3, 3], 1, 1],
    [[4, 2, 3, 3], 2, 1],
    [[2, 1, 5, 5], 4, 0],
  ] as const)
    it(`a convolution ${shape.join("×")}, stride ${stride}: at least the norm as a matrix, and close to it`, () => {
      const size = 12;
      const { model, weight } = convolution([...shape], size, {
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
      });
      const { layers, chain } = modelBounds(model, [1, shape[1], size, size]);
      const truth = denseNorm(weight, [...shape], size, stride, pad);
      expect(layers).toMatchObject([{ op: "Conv", weight: shape, stride }]);
      expect(layers[0]!.bound).toBeGreaterThan(truth * (1 - 1e-4));
      expect(layers[0]!.bound).toBeLessThan(truth * 1.2); // the border: fewer taps meet there
      expect(chain).toBe(true);
    });

  it("groups are apart, matrices are matrices, constants and ReLU do not stretch; branches are said", () => {
    const { model, weight } = convolution([2, 1, 1, 1], 3, { group: 2 });
    expect(modelBounds(model, [1, 2, 3, 3]).layers[0]!.bound).toBeCloseTo(Math.max(...weight.map(Math.abs)), 5);
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 2]);
    const W = constant(x, tensor("float32", [2, 2], Float32Array.of(3, 0, 4, 5)));
    const h = relu(add(matMul(flatten(x), W), constant(x, tensor("float32", [2], Float32Array.of(1, 2)))));
    graph.output("y", matMul(h, W));
    const chain = modelBounds(importOnnx(exportOnnx(graph)), [1, 2]);
    expect(chain).toMatchObject({ chain: true, uncounted: [] });
    expect(chain.product).toBeCloseTo(45, 4);
    const residual = new Graph(operators);
    const z = residual.input("x", "float32", [1, 2]);
    residual.output("y", add(z, relu(z)));
    expect(modelBounds(importOnnx(exportOnnx(residual)), [1, 2])).toMatchObject({ chain: false, uncounted: ["Add"] });
  });
});
