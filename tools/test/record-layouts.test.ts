// Where AssemblyScript puts the fields of a class, by its rule: in order, each at a multiple of its size.
import { expect, test } from "vitest";
import { layoutsOf } from "../record-layouts.ts";

test("fields stand in order, each at a multiple of its size; a class is its address", () => {
  const source = `@unmanaged export class Point {
  x: i32;
  /** Behind a gap. */
  y: f64;
  next: Point;
  count: i64;
}
`;
  expect(layoutsOf(source)).toBe(`export const layouts = {
  point: {
    x: [0, "i32"],
    y: [8, "f64"],
    next: [16, "i32"],
    count: [24, "i64"],
  },
} as const;
`);
});

test("a field that JavaScript cannot write is told", () => {
  expect(() => layoutsOf("@unmanaged export class Point {\n  x: u8;\n}\n")).toThrow(
    "Point.x is of type u8; expected i32, u32, usize, i64, f64 or a class.",
  );
});
