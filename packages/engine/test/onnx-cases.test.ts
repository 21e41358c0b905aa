// ONNX's own operator cases. docs/operators.md says how many there are beside these, and why the others do not pass.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { runCase, unpackCases } from "./onnx-cases.ts";

const runtime = nodeRuntime({ threads: 1 });
const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const suites: { source: string; total: number; equal: number; stored: number; why: Record<string, number> }[] =
  JSON.parse(fixture("onnx-cases.json").toString());

describe.each([
  [suites[0]!, "onnx-cases.gz"],
  [suites[1]!, "onnx-cases-18.gz"],
])("$source", (suite, file) => {
  const cases = unpackCases(fixture(file));

  test.each(Object.keys(cases))("%s", async (name) => {
    expect(await runCase(runtime, name, cases[name]!)).toBeNull();
  });

  test("the page counts these cases", () => {
    expect(Object.keys(cases)).toHaveLength(suite.stored);
    expect(suite.equal + Object.values(suite.why).reduce((a, b) => a + b)).toBe(suite.total);
  });
});
