// Every operator of the table: against PyTorch, against differences, at its kinks, and misused.
import * as engine from "@reprise/engine";
import { compile, gradient, operators, ShapeError, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, it } from "vitest";
import * as activation from "./ops/activation.ts";
import * as composite from "./ops/composite.ts";
import * as conv from "./ops/conv.ts";
import * as detect from "./ops/detect.ts";
import * as elementwise from "./ops/elementwise.ts";
import * as indexing from "./ops/indexing.ts";
import * as layout from "./ops/layout.ts";
import * as linalg from "./ops/linalg.ts";
import * as normalize from "./ops/normalize.ts";
import * as reduce from "./ops/reduce.ts";
import { checkAgainstStored, checkDifferences, maker, type Row, readFixtures } from "./ops/row.ts";
import * as select from "./ops/select.ts";

const families: Record<string, { readonly rows: Readonly<Record<string, Row>> }> = {
  elementwise,
  activation,
  reduce,
  linalg,
  layout,
  indexing,
  conv,
  detect,
  normalize,
  select,
  composite,
};
const cpu = nodeRuntime({ threads: 1 });
const reference = nodeRuntime({ target: "reference", threads: 1 });

describe("the table of rows", () => {
  it("has a row for every operator, and no other", () => {
    // Composites are functions of ours, not entries of the table.
    const entries = Object.entries(families).filter(([name]) => name !== "composite");
    const rows = entries.flatMap(([, family]) => Object.keys(family.rows));
    expect(rows.sort()).toEqual(Object.keys(operators).sort());
  });

  it("uses every stored case", () => {
    for (const [name, { rows }] of Object.entries(families)) {
      const written = Object.entries(rows).flatMap(([op, row]) => Object.keys(row.cases).map((c) => `${op}: ${c}`));
      expect(written.sort()).toEqual(Object.keys(readFixtures(name)).sort());
    }
  });
});

for (const [name, { rows }] of Object.entries(families)) {
  const fixtures = readFixtures(name);
  describe(name, () => {
    for (const [op, row] of Object.entries(rows)) {
      for (const [title, build] of Object.entries(row.cases)) {
        const key = `${op}: ${title}`;
        const fixture = fixtures[key]!;
        // float32: sums of up to 100 products of numbers around 1 lose about 1e-6.
        it(`${key} on cpu equals PyTorch`, () => checkAgainstStored(cpu, build, fixture, 1e-5));
        // float64 on both sides, stored with eight digits.
        it(`${key} on reference equals PyTorch`, () => checkAgainstStored(reference, build, fixture, 1e-7));
        if (fixture.dy && !row.departs)
          it(`${key} has the derivatives of its differences`, () =>
            checkDifferences(reference, build, fixture, row.fixed));
      }
      it(`${op} misused says so`, () => {
        const [misuse, message] = row.wrong;
        expect(() => misuse(maker())).toThrow(new ShapeError(message));
      });
      if (row.kinks) {
        const { of, at } = row.kinks;
        it.each(at)(`${op} at %f has the derivative %f`, async (x, dx) => {
          const program = compile(cpu, ({ x }: { x: Parameters<typeof of>[0] }) => ({ dx: gradient(of(x), [x])[0]! }));
          expect((await program.run({ x: tensor("float32", [], [x]) })).dx.data[0]).toBeCloseTo(dx, 6);
          await program.release();
        });
      }
    }
  });
}

describe("further misuse", () => {
  const cases: readonly (readonly [misuse: Row["wrong"][0], message: string])[] = [
    [
      ({ f }) => engine.conv(f(1, 2, 4), f(3, 2, 3, 3)),
      "Conv: input is float32 [1, 2, 4], weight is float32 [3, 2, 3, 3]; both must be one float dtype with two axes and then the spatial ones",
    ],
    [({ f }) => engine.conv(f(1, 2, 4, 4), f(3, 2, 3, 3), f(2)), "Conv: bias is [2]; weight [3, 2, 3, 3] needs [3]"],
    [
      ({ f }) => engine.conv(f(1, 4, 4, 4), f(3, 2, 3, 3), null, { group: 2 }),
      "Conv: 3 output channels cannot be split into 2 groups",
    ],
    [
      ({ f }) => engine.convTranspose(f(1, 2, 4, 4), f(2, 3, 3, 3), f(2)),
      "ConvTranspose: bias is [2]; weight [2, 3, 3, 3] needs [3]",
    ],
    [
      ({ f }) => engine.convTranspose(f(1, 2, 4, 4), f(2, 3, 3, 3), null, { strides: [2, 2], outputPadding: [2, 0] }),
      "ConvTranspose: output padding 2 on spatial axis 0 is more than stride and dilation leave open, 1",
    ],
    [
      ({ f, graph }) => engine.gemm(f(2, 3), graph.input("b", "float64", [3, 2])),
      "Gemm: A is float32 [2, 3], B is float64 [3, 2]; dtypes must be equal",
    ],
    [
      ({ f }) => engine.matMul(f(3), f(3, 2)),
      "MatMul: A is [3], B is [3, 2]; both need at least two axes: reshape a vector to a row or a column",
    ],
    [({ f }) => engine.split(f(2, 3), [1, 2], 2), "axis 2 is outside a tensor of 2 dimensions"],
    [
      ({ i }) => engine.mul(i(2), 0.5),
      "Mul: the other operand is int64 [2], which 0.5 does not go with: cast it first",
    ],
    [
      ({ f }) => engine.roiAlign(f(1, 5, 5), f(3, 4), engine.cast(f(3), "int64"), { outputSize: 2 }),
      "RoiAlign: features are [1, 5, 5]; they must be float [N, C, H, W]",
    ],
    [({ f }) => engine.einsum("ij,jk", f(2, 3)), 'Einsum: "ij,jk" is of 2 inputs; 1 were given'],
    [({ f }) => engine.einsum("ijk", f(2, 3)), 'Einsum: "ijk" in "ijk" does not name the axes of [2, 3]'],
    [
      ({ f, graph }) => graph.add("Resize", [f(1, 1, 2, 2)], { ...resizing, mode: "bilinear" }),
      'Resize: mode "bilinear" is not one of nearest, linear, cubic',
    ],
    [
      ({ f, graph }) => graph.add("Resize", [f(1, 1, 2, 2)], { ...resizing, antialias: 1 }),
      "Resize: antialias is not supported",
    ],
    [
      ({ f }) => {
        const x = f(1, 1, 1, 2);
        return engine.gradient(engine.reduceSum(engine.resize(x, [1, 1e9], { mode: "cubic" })), [x]);
      },
      "Resize: an axis of 2 elements to one of 1000000000 is larger than is computed here",
    ],
    [
      ({ f, graph }) => graph.add("Pad", [f(2)], { pads: [1, 1], value: 0, mode: "wrap" }),
      'Pad: mode "wrap" is not "constant", "reflect" or "edge"',
    ],
  ];
  it.each(cases.map(([misuse, message]) => ({ misuse, message })))("$message", ({ misuse, message }) => {
    expect(() => misuse(maker())).toThrow(new ShapeError(message));
  });
});

const resizing = {
  mode: "linear",
  coordinate_transformation_mode: "half_pixel",
  nearest_mode: "floor",
  cubic_coeff_a: -0.75,
  sizes: [1, 1, 4, 4],
};
