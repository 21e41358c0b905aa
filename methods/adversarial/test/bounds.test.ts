import {
  add,
  batchNormalization,
  constant,
  conv,
  exportOnnx,
  flatten,
  Graph,
  importOnnx,
  matMul,
  maxPool,
  operators,
  relu,
  tensor,
} from "@reprise/engine";
import { describe, expect, it } from "vitest";
import { convolutionNorm } from "../src/bounds/convolution.ts";
import { fft } from "../src/bounds/fourier.ts";
import { addProduct, isBelow, rayleigh } from "../src/bounds/symmetric.ts";
import { type LayerBound, modelBounds } from "../src/bounds.ts";
import reference from "./fixtures/operator-norms.json" with { type: "json" };

const wave = (count: number, a: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(a * i * i + i + 1));

describe("fft", () => {
  it("is the sum that defines it", () => {
    for (const n of [1, 2, 8, 32]) {
      const [re, im] = [wave(n, 0.3), wave(n, 0.7)];
      const [X, Y] = [re.slice(), im.slice()];
      fft(X, Y);
      for (let q = 0; q < n; q++) {
        let [x, y] = [0, 0];
        for (let j = 0; j < n; j++) {
          const [c, s] = [Math.cos((2 * Math.PI * j * q) / n), -Math.sin((2 * Math.PI * j * q) / n)];
          x += re[j]! * c - im[j]! * s;
          y += re[j]! * s + im[j]! * c;
        }
        expect(X[q]).toBeCloseTo(x, 12);
        expect(Y[q]).toBeCloseTo(y, 12);
      }
    }
    expect(() => fft(new Float64Array(6), new Float64Array(6))).toThrow("6 and 6 values, expected equal powers of two");
  });
});

describe("symmetric matrices", () => {
  const { shape, values, norm } = reference.matrix;
  const [rows, columns] = shape as [number, number];
  /** The Gram matrix of the reference's rows. */
  const gram = () => {
    const data = new Float64Array((rows + 3) * columns);
    data.set(values);
    const G = new Float64Array(rows * rows);
    const block = { data, offset: 0, stride: columns };
    addProduct(block, block, columns, rows, G);
    return G;
  };

  it("the largest eigenvalue: NumPy's, from below by iteration, from above by factorisation", () => {
    const G = gram();
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < rows; j++) {
        let sum = 0;
        for (let r = 0; r < columns; r++) sum += values[i * columns + r]! * values[j * columns + r]!;
        expect(G[i * rows + j]).toBeCloseTo(sum, 10);
      }
    const below = rayleigh(G, rows, wave(rows, 0.2), 500);
    expect(below).toBeLessThan(norm ** 2 * (1 + 1e-12));
    expect(below).toBeGreaterThan(norm ** 2 * (1 - 1e-8));
    const L = new Float64Array((rows + 3) * rows);
    expect(isBelow(G, rows, norm ** 2 * (1 + 1e-10), L)).toBe(true);
    expect(isBelow(G, rows, norm ** 2 * (1 - 1e-10), L)).toBe(false);
  });
});

describe("convolutionNorm", () => {
  for (const { kernel, strides, pad, groups, weights, sup, dense } of reference.cases)
    it(`${kernel.join("×")}, stride ${strides}, ${groups} groups: NumPy's over all frequencies, PyTorch's on an image`, () => {
      const part = weights.length / groups;
      const shape = { kernel: [kernel[0]! / groups, ...kernel.slice(1)], strides: strides as [number, number] };
      const bounds = Array.from({ length: groups }, (_, g) =>
        convolutionNorm(weights.slice(g * part, (g + 1) * part), shape),
      );
      const [lower, upper] = [Math.max(...bounds.map((b) => b.lower)), Math.max(...bounds.map((b) => b.upper))];
      expect(lower).toBeLessThan(sup * (1 + 1e-9));
      expect(upper).toBeGreaterThan(sup);
      expect(upper / lower).toBeLessThan(1.003);
      expect(upper).toBeGreaterThan(dense);
      expect(pad).toBeGreaterThanOrEqual(0);
    });

  it("a coarse grid only widens the bounds: what they hold stays between them", () => {
    for (const { kernel, strides, groups, weights, sup } of reference.cases.filter((c) => c.groups === 1)) {
      const shape = { kernel, strides: strides as [number, number] };
      const { lower, upper } = convolutionNorm(weights, shape, { oversampling: 2 });
      expect(lower, `${kernel} ${groups}`).toBeLessThan(sup * (1 + 1e-9));
      expect(upper, `${kernel} ${groups}`).toBeGreaterThan(sup);
    }
  });

  it("no weights, a shift, a flat spectrum", () => {
    const strides = [1, 1] as const;
    expect(convolutionNorm(new Float32Array(18), { kernel: [2, 1, 3, 3], strides })).toEqual({ lower: 0, upper: 0 });
    // A shift keeps every length: |F| is 1 at all frequencies, so that all cells are left.
    const shift = convolutionNorm([0, 0, 0, 0, 0, 0, 0, 1, 0], { kernel: [1, 1, 3, 3], strides });
    expect(shift.lower).toBeCloseTo(1, 12);
    expect(shift.upper).toBeGreaterThan(1);
    expect(shift.upper).toBeLessThan(1.05);
  });
});

describe("modelBounds", () => {
  it("dilation, padding and groups of a model's convolution; the image's size does not matter", async () => {
    for (const { kernel, strides, pad, dilation, groups, weights, sup } of reference.cases) {
      const graph = new Graph(operators);
      const x = graph.input("x", "float32", [1, kernel[1]! * groups, 15, 15]);
      const W = constant(x, tensor("float32", kernel, Float32Array.from(weights)));
      const options = { strides, pads: [pad, pad, pad, pad], dilations: [dilation, dilation], group: groups };
      graph.output("y", conv(x, W, null, options));
      const { layers, chain } = await modelBounds(importOnnx(exportOnnx(graph)), [1, kernel[1]! * groups, 15, 15]);
      expect(layers).toMatchObject([{ op: "Conv", weight: kernel, stride: strides[0] }]);
      expect(layers[0]!.bound / sup).toBeGreaterThan(1);
      expect(layers[0]!.bound / sup).toBeLessThan(1.003);
      expect(layers[0]!.lower / sup).toBeLessThan(1 + 1e-9);
      expect(chain).toBe(true);
    }
  });

  it("matrices and normalisation; constants and ReLU do not stretch, overlapping pooling does; branches are said", async () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 2]);
    // [[3, 0], [4, 5]]: singular values √45 and √5.
    const W = constant(x, tensor("float32", [2, 2], Float32Array.of(3, 0, 4, 5)));
    const h = relu(add(matMul(flatten(x), W), constant(x, tensor("float32", [2], Float32Array.of(1, 2)))));
    graph.output("y", matMul(h, W));
    const order: string[] = [];
    const chain = await modelBounds(importOnnx(exportOnnx(graph)), [1, 2], {
      onWork: ({ weight }) => order.push(`at ${weight}`),
      onLayer: ({ bound }) => {
        order.push(bound.toFixed(3));
      },
    });
    expect(order).toEqual(["at 2,2", "6.708", "at 2,2", "6.708"]); // √45
    expect(chain).toMatchObject({ chain: true, uncounted: [] });
    expect(chain.product).toBeCloseTo(45, 4);
    expect(chain.product).toBeGreaterThan(45);

    const pooled = new Graph(operators);
    const image = pooled.input("x", "float32", [1, 2, 9, 9]);
    const vector = (...values: number[]) => constant(image, tensor("float32", [2], Float32Array.from(values)));
    const normal = batchNormalization(
      image,
      { scale: vector(2, -3), bias: vector(0, 1), mean: vector(5, 5), variance: vector(4, 1) },
      { epsilon: 0 },
    );
    const once = maxPool(normal, { kernel: [3, 3], strides: [2, 2] });
    pooled.output("y", maxPool(once, { kernel: [2, 2], strides: [2, 2] }));
    const { layers, product, productOfWeights } = await modelBounds(importOnnx(exportOnnx(pooled)), [1, 2, 9, 9]);
    expect(layers.map(({ op, bound }) => [op, bound])).toEqual([
      ["Mul", 3], // max |scale| / √variance: the normalisation, as a factor and a shift
      ["MaxPool", 2], // a value lies in 2 × 2 windows of 3 × 3 at stride 2; in one of 2 × 2
    ]);
    expect([product, productOfWeights]).toEqual([6, 3]);

    const residual = new Graph(operators);
    const z = residual.input("x", "float32", [1, 2]);
    residual.output("y", add(z, relu(z)));
    expect(await modelBounds(importOnnx(exportOnnx(residual)), [1, 2])).toMatchObject({
      chain: false,
      uncounted: ["Add"],
    });
  });

  it("goes on with the layers that are known", async () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 2]);
    const W = (...values: number[]) => constant(x, tensor("float32", [2, 2], Float32Array.from(values)));
    graph.output("y", matMul(relu(matMul(relu(matMul(x, W(1, 2, 3, 4))), W(5, 6, 7, 8))), W(9, 1, 2, 3)));
    const model = importOnnx(exportOnnx(graph));
    const found = new Map<number, LayerBound>();
    const full = new Error("the disk is full");
    const stopped = modelBounds(model, [1, 2], {
      onLayer: async (layer, place) => {
        if (found.size === 2) throw full;
        found.set(place, layer);
      },
    });
    await expect(stopped).rejects.toBe(full);
    let looked = 0;
    const again = await modelBounds(model, [1, 2], { known: (place) => found.get(place), onWork: () => looked++ });
    expect(looked).toBe(1);
    expect(again).toEqual(await modelBounds(model, [1, 2]));
  });

  it("a weight that is not finite: its layer is named", async () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 2]);
    graph.output("y", matMul(x, constant(x, tensor("float32", [2, 2], Float32Array.of(1, 2, Number.NaN, 4)))));
    await expect(modelBounds(importOnnx(exportOnnx(graph)), [1, 2])).rejects.toThrow(
      /layer ".+": a weight is not finite/,
    );
  });
});
