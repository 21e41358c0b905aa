// Every operator of the table: against PyTorch, against differences, at its kinks, and misused.
import { compile, gradient, operators, ShapeError, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, it } from "vitest";
import * as activation from "./ops/activation.ts";
import * as composite from "./ops/composite.ts";
import * as conv from "./ops/conv.ts";
import * as elementwise from "./ops/elementwise.ts";
import * as indexing from "./ops/indexing.ts";
import * as layout from "./ops/layout.ts";
import * as linalg from "./ops/linalg.ts";
import * as normalize from "./ops/normalize.ts";
import * as reduce from "./ops/reduce.ts";
import { checkAgainstStored, checkDifferences, maker, type Row, readFixtures } from "./ops/row.ts";

const families: Record<string, { readonly rows: Readonly<Record<string, Row>> }> = {
  elementwise,
  activation,
  reduce,
  linalg,
  layout,
  indexing,
  conv,
  normalize,
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
          it(`${key} has the derivatives of its differences`, () => checkDifferences(reference, build, fixture));
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
