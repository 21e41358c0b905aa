import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { printOperators } from "../print-operators.ts";

it("docs/operators.md is what the operator table says (else run: node tools/print-operators.ts)", () => {
  expect(readFileSync(new URL("../../docs/operators.md", import.meta.url), "utf8")).toBe(printOperators());
});
