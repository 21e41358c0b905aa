import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ModelError } from "../src/index.ts";
import { nodeRuntime } from "../src/node.ts";
import { runCase, unpackCases } from "./onnx-cases.ts";

const runtime = nodeRuntime({ threads: 1 });
const cases = unpackCases(readFileSync(new URL("fixtures/onnx-cases.gz", import.meta.url)));

/** Cases that are refused on purpose, and what the user is told. */
const refused: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^test_(batchnorm|training_dropout).*/,
    /it is in training mode; export the model in eval mode|nothing makes its output "z"/,
  ],
  [/^test_dropout_default_mask/, /nothing makes its output "z"/],
  [
    /^test_convtranspose_(autopad_same|kernel_shape|output_shape)$/,
    /output_shape and automatic padding are not supported/,
  ],
  [/^test_maxpool_with_argmax_2d_precomputed_strides$/, /storage_order 1/],
  [/^test_(cast|castlike|min|max|add|sub|mul|div|pow|where|identity|clip)_.*/, /which is not supported|which needs/],
  [/^test_identity_(opt|sequence)$/, /which needs/],
  [/^test_range_.*expanded$|^test_range_/, /computed at run time/],
  [/^test_(edge|reflect)_pad$/, /mode "(edge|reflect)"/],
  [/^test_reshape_allowzero_reordered$/, /has 0 elements and cannot become/],
];

test.each(Object.keys(cases))("%s", async (name) => {
  let difference: string | null;
  try {
    difference = await runCase(runtime, name, cases[name]!);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const rule = refused.find(([names, message]) => names.test(name) && message.test(error.message));
    expect(rule, `${error.message} is not among the refusals that are meant`).toBeDefined();
    return;
  }
  expect(difference).toBeNull();
});
