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
    /^test_(cast|castlike|min|max|add|sub|mul|div|pow|where|identity|clip|mod)_.*/,
    /which is not supported|which needs/,
  ],
  [/^test_identity_(opt|sequence)$/, /which needs/],
  [/^test_range_|window.*_expanded$/, /computed at run time/],
  [/^test_scatternd_multiply$/, /reduction "mul" is not "none" or "add"/],
  [/^test_resize_tf_crop_and_resize$/, /"tf_crop_and_resize" is not one of/],
  [/^test_reshape_allowzero_reordered$/, /has 0 elements and cannot become/],
];

/** ONNX Runtime rounds the size down before it aligns the corners, the case does not: what it gives instead. */
const differs: Readonly<Record<string, RegExp>> = {
  test_resize_downsample_scales_cubic_align_corners: /^Y\[1\] is 2\.5, expected 2\.395/,
  test_resize_downsample_scales_linear_align_corners: /^Y\[1\] is 4, expected 3\.142/,
};

const count = { equal: 0, refused: 0, different: 0 };

test.each(Object.keys(cases))("%s", async (name) => {
  let difference: string | null;
  try {
    difference = await runCase(runtime, name, cases[name]!);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const rule = refused.find(([names, message]) => names.test(name) && message.test(error.message));
    count.refused++;
    expect(rule, `${error.message} is not among the refusals that are meant`).toBeDefined();
    return;
  }
  if (differs[name]) count.different++;
  else count.equal++;
  if (differs[name]) expect(difference).toMatch(differs[name]);
  else expect(difference).toBeNull();
});

test("as many as docs/operators.md says", () => {
  const page = readFileSync(new URL("../../../docs/operators.md", import.meta.url), "utf8").replaceAll("\n", " ");
  expect(page).toContain(
    `${Object.keys(cases).length} cases, of which ${count.equal} give ONNX's results, ${count.refused} are refused`,
  );
  expect(page).toContain(`and ${count.different} differ because ONNX Runtime's kernel does`);
});
