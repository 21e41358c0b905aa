// Attributes and inputs of operators in every spelling: values beside ONNX Runtime's, gradients beside differences.
import { describe, expect, test } from "vitest";
import type { Tensor } from "../src/index.ts";
import { tensor } from "../src/index.ts";
import { differences, type Variant, wave, whole } from "./beside-onnx-runtime.ts";
import type { HandmadeNode } from "./handmade.ts";

type Attributes = NonNullable<HandmadeNode["attributes"]>;
const node = (op: string, inputs: readonly string[], attributes: Attributes = {}, outputs = ["y"]): HandmadeNode => ({
  op,
  inputs,
  outputs,
  attributes,
});
const floats = (...values: number[]): Tensor => tensor("float32", [values.length], values);
const image = wave([1, 2, 5, 6]);

/** Every combination of the choices. */
function product<T extends Readonly<Record<string, readonly unknown[]>>>(choices: T) {
  type One = { [K in keyof T]: T[K][number] };
  return Object.entries(choices).reduce<One[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{} as One],
  );
}
const named = (variants: readonly Variant[]) =>
  variants.map((variant) => {
    const { op, attributes, inputs } = [variant.nodes].flat().at(-1)!;
    const constants = Object.entries(variant.constants ?? {}).map(([key, { shape, data }]) => {
      return `${key} ${data.length <= 8 ? `= ${Array.from(data as ArrayLike<number>)}` : `[${shape}]`}`;
    });
    const said = [JSON.stringify(attributes), ...constants, `x [${variant.x.shape}]`].join(", ");
    return [`${op}(${inputs}) of opset ${variant.opset ?? 17}: ${said}`, variant] as const;
  });

const autos = ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"];
const windows: Attributes[] = [
  {},
  { strides: [2, 3] },
  { pads: [1, 0, 2, 1], strides: [2, 2] },
  { dilations: [2, 2], pads: [2, 2, 2, 2] },
  ...product({
    auto_pad: autos,
    strides: [
      [1, 1],
      [2, 2],
      [3, 4],
    ],
  }),
];
const convolutions: Variant[] = [
  ...windows.map((attributes) => ({
    nodes: node("Conv", ["x", "w", "b"], attributes),
    x: image,
    constants: { w: wave([3, 2, 3, 2]), b: wave([3]) },
  })),
  { nodes: node("Conv", ["x", "w"], { group: 2, strides: [2, 2] }), x: image, constants: { w: wave([2, 1, 2, 2]) } },
  { nodes: node("Conv", ["x", "w"], { dilations: [3] }), x: wave([1, 2, 7]), constants: { w: wave([3, 2, 2]) } },
  ...[
    ...windows,
    { strides: [3, 2], output_padding: [2, 0], pads: [0, 1, 1, 0] },
    { strides: [2, 2], dilations: [2, 2], auto_pad: "SAME_UPPER" },
    // Strides larger than the kernel: nothing is cut, and nothing is added.
    { strides: [3, 4], auto_pad: "SAME_LOWER", kernel_shape: [2, 2] },
    ...product({
      output_shape: [
        [10, 13],
        [9, 11],
      ],
      strides: [[2, 2]],
      auto_pad: autos.slice(0, 3),
    }),
  ].map((attributes: Attributes) => ({
    nodes: node("ConvTranspose", ["x", "w"], attributes),
    x: image,
    constants: { w: wave([2, 1, ...((attributes.kernel_shape as number[]) ?? [3, 3])]) },
  })),
].map((variant) => ({ ...variant, linear: true as const, x: variant.x }));

const pooling: Variant[] = product({
  op: ["MaxPool", "AveragePool", "LpPool"],
  ceil_mode: [0, 1],
  attributes: [
    { kernel_shape: [2, 2], strides: [3, 4] },
    { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 2, 0] },
    { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_UPPER" },
    { kernel_shape: [2, 2], dilations: [2, 3] },
    // ONNX Runtime pads as if these were not dilated.
    { kernel_shape: [2, 2], dilations: [2, 3], strides: [2, 2], auto_pad: "SAME_UPPER" },
    { kernel_shape: [2, 2], dilations: [2, 3], strides: [1, 2], auto_pad: "SAME_LOWER" },
    { kernel_shape: [2, 2], dilations: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] },
  ] as Attributes[],
}).map(({ op, ceil_mode, attributes }) => ({
  nodes: node(op, ["x"], { ...attributes, ceil_mode }),
  x: image,
  opset: 22,
}));

const small = wave([1, 1, 4, 5]);
const resizing: Variant[] = [
  ...product({
    mode: ["nearest", "linear", "cubic"],
    places: ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"],
    scales: [floats(1, 1, 1.5, 2.3), floats(1, 1, 0.5, 0.6), floats(1, 1, 0.3, 0.35)],
  }).map(({ mode, places, scales }) => ({
    nodes: node("Resize", ["x", "", "s"], { mode, coordinate_transformation_mode: places }),
    x: small,
    constants: { s: scales },
    opset: 13,
  })),
  // Sizes at which a place falls on a tie in float32 and beside it in float64.
  ...product({
    nearest: ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
    places: ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"],
    scales: [floats(1, 1, 0.5, 0.6), floats(1, 1, 0.75, 1.4)],
  }).map(({ nearest, places, scales }) => ({
    nodes: node("Resize", ["x", "", "s"], {
      mode: "nearest",
      nearest_mode: nearest,
      coordinate_transformation_mode: places,
    }),
    x: small,
    constants: { s: scales },
    opset: 18,
  })),
  ...product({ mode: ["nearest", "linear"], scales: [floats(1, 1, 0.5, 0.6), floats(1, 1, 0.6, 2)] }).map(
    ({ mode, scales }) => ({
      nodes: node("Resize", ["x", "s"], { mode }),
      x: small,
      constants: { s: scales },
      opset: 10,
    }),
  ),
].map((variant) => ({ ...variant, linear: true as const }));

const padding: Variant[] = product({
  mode: ["constant", "reflect", "edge", "wrap"],
  pads: [
    [1, 0, 2, 1],
    [-1, 1, 0, -1],
    [2, 2, 2, 3],
    [0, 0, 7, 9],
  ],
})
  .filter(({ mode, pads }) => !(mode === "reflect" && pads[2] === 7))
  .map(({ mode, pads }) => ({
    nodes: node("Pad", ["x", "p"], { mode }),
    x: wave([3, 4]),
    constants: { p: whole([4], pads) },
    opset: 19,
    linear: true as const,
  }));

const reductions: Variant[] = [
  ...product({
    op: ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"],
    axes: [[0, -1], [1, 1], []],
    keepdims: [0, 1],
    noop: [0, 1],
  })
    .filter(({ axes, keepdims, noop }) => (noop === 1 ? axes.length === 0 : keepdims === 0 || axes[0] === 0))
    .map(({ op, axes, keepdims, noop }) => ({
      nodes: node(`Reduce${op}`, ["x", "a"], { keepdims, noop_with_empty_axes: noop }),
      x: op === "LogSum" ? tensor("float32", [2, 2, 2], [0.1, 2, 0.7, 1.3, 0.4, 3, 1.1, 0.9]) : wave([2, 2, 2]),
      constants: { a: whole([axes.length], axes) },
      opset: 18,
    })),
  ...product({ op: ["Sum", "Mean", "Max", "Prod", "L2", "LogSumExp"], x: [wave([0, 3]), wave([3, 0])] })
    .filter(({ op, x }) => !(op === "Max" && x.shape[0] === 0))
    .map(({ op, x }) => ({
      nodes: node(`Reduce${op}`, ["x", "a"]),
      x,
      constants: { a: whole([1], [0]) },
      opset: 18,
      values: true as const,
    })),
];

const products: Variant[] = (
  [
    ["ij,jk", [2, 3], [3, 4]],
    ["ii", [3, 3]],
    ["ba", [2, 3]],
    ["iij->j", [2, 2, 3]],
    ["...ij,jk->...ik", [2, 3, 4], [4, 2]],
    ["...ij,...jk->...ik", [1, 3, 4], [2, 4, 2]],
    ["ij,ij->ij", [1, 3], [2, 3]],
    ["ij,ij->", [2, 1], [2, 3]],
    ["i,->i", [3], []],
  ] as const
).map(([equation, x, w]) => ({
  nodes: node("Einsum", w ? ["x", "w"] : ["x"], { equation }),
  x: wave(x),
  ...(w && { constants: { w: wave(w, 2) } }),
}));

const statistics: Variant[] = product({
  variance: [
    [1, 2],
    [0, 0],
    [1e-30, 1e-12],
    [Number.POSITIVE_INFINITY, 1],
  ],
  epsilon: [1e-5, 0.5],
  opset: [7, 9, 15],
}).map(({ variance, epsilon, opset }) => ({
  nodes: node("BatchNormalization", ["x", "s", "b", "m", "v"], { epsilon: { float: epsilon } }),
  x: wave([2, 2, 3]),
  constants: { s: wave([2]), b: wave([2]), m: wave([2]), v: floats(...variance) },
  opset,
  linear: true as const,
}));
statistics.push({
  nodes: node("BatchNormalization", ["x", "s", "b", "m", "v"], { spatial: 0 }),
  x: wave([2, 2, 3]),
  constants: { s: wave([2, 3]), b: wave([2, 3]), m: wave([2, 3]), v: tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]) },
  opset: 7,
  linear: true,
});

const regions: Variant[] = product({
  box: [
    [0.5, 0.5, 3.5, 4.2],
    [-2, -3, 7, 9],
    [2, 2, 2, 2],
    [3, 3, 1, 1],
    [20, 20, 30, 30],
    [-0.9, -0.9, 0.2, 0.2],
  ],
  mode: ["avg", "max"],
  places: ["half_pixel", "output_half_pixel"],
  samples: [2],
}).map(({ box, mode, places, samples }) => ({
  nodes: node("RoiAlign", ["x", "b", "i"], {
    mode,
    coordinate_transformation_mode: places,
    output_height: 2,
    output_width: 3,
    sampling_ratio: samples,
  }),
  x: wave([2, 1, 6, 5]),
  constants: { b: tensor("float32", [1, 4], box), i: whole([1], [1]) },
  opset: 16,
}));

const table = wave([3, 4]);
const indexing: Variant[] = [
  ...product({ axis: [0, 1, -1], at: [whole([2], [0, -1]), whole([2, 2], [0, 1, -1, 1]), whole([], [-2])] }).map(
    ({ axis, at }) => ({ nodes: node("Gather", ["x", "i"], { axis }), x: table, constants: { i: at } }),
  ),
  ...product({ axis: [0, -1], at: [whole([2, 3], [-1, -2, -3, 0, 1, -1]), whole([3, 4], Array(12).fill(-1))] }).map(
    ({ axis, at }) => ({ nodes: node("GatherElements", ["x", "i"], { axis }), x: table, constants: { i: at } }),
  ),
  ...product({ axis: [0, 1], reduction: ["none", "add"] }).map(({ axis, reduction }) => ({
    nodes: node("ScatterElements", ["x", "i", "u"], { axis, reduction }),
    x: table,
    constants: { i: whole([2, 2], axis === 0 ? [-1, 0, 0, 1] : [-1, 0, 1, -2]), u: wave([2, 2]) },
  })),
  ...product({ batch_dims: [0, 1], at: [whole([2, 1], [1, -1]), whole([2, 2], [0, 1, -1, -2])] }).map(
    ({ batch_dims, at }) => ({
      nodes: node("GatherND", ["x", "i"], { batch_dims }),
      x: wave([2, 3, 4]),
      constants: { i: at },
    }),
  ),
  ...(
    [
      [[-1], [-100], [-1]],
      [[9], [-(2 ** 31)], [-2]],
      [[2], [1], [1]],
      [[-99], [2], [2]],
      [[3], [-99], [-3]],
      [[1], [2 ** 31 - 1], [1]],
    ] as const
  ).map(([starts, ends, steps]) => ({
    nodes: node("Slice", ["x", "s", "e", "a", "t"]),
    x: table,
    constants: { s: whole([1], starts), e: whole([1], ends), a: whole([1], [-1]), t: whole([1], steps) },
  })),
].map((variant) => ({ ...variant, linear: true as const }));

const families = { convolutions, pooling, resizing, padding, reductions, products, statistics, regions, indexing };

describe.each(Object.entries(families))("%s", (_, variants) => {
  test.each(named(variants))("%s", async (_name, variant) => expect(await differences(variant)).toEqual([]));
});
