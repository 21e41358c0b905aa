// docs/operators.md from the operator table and the comments above its entries: node tools/print-operators.ts
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cpu, operators, reference } from "@reprise/engine";
import { printDifferences } from "../packages/engine/test/edges.ts";

const root = new URL("..", import.meta.url);
const families: readonly (readonly [file: string, title: string])[] = [
  ["elementwise", "Elementwise"],
  ["activation", "Activations"],
  ["trigonometry", "Circular and hyperbolic functions"],
  ["reduce", "Reductions and softmax"],
  ["linalg", "Linear algebra"],
  ["einsum", "Sums over named axes"],
  ["layout", "Layout"],
  ["indexing", "Indexing"],
  ["select", "Selection"],
  ["conv", "Convolution and pooling"],
  ["normalize", "Normalisation"],
  ["lrn", "Response normalisation"],
  ["resize", "Resizing"],
  ["detect", "Regions"],
  ["quantize", "Quantisation"],
];

/** The page, as Markdown. */
export function printOperators(): string {
  const names = Object.keys(operators);
  const withGradient = names.filter((name) => operators[name]!.grad !== "none");
  const seen = new Set<string>();
  const sections = families.map(([file, title]) => {
    const source = readFileSync(new URL(`packages/engine/src/ops/${file}.ts`, root), "utf8");
    const rows = [...source.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export const (\w+) = op[<(]/g)].map(
      ([, comment, name]) => {
        seen.add(name!);
        return row(name!, comment ?? "");
      },
    );
    return `## ${title}\n\n| Operator | ONNX since | Gradient | What it computes, and its gradient |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  const missing = names.filter((name) => !seen.has(name));
  if (missing.length > 0) throw new Error(`operators without a place in the page: ${missing.join(", ")}`);
  return `${introduction(names.length, withGradient.length)}\n${sections.join("\n")}\n${outside}`;
}

function row(name: string, comment: string): string {
  const def = operators[name]!;
  const text = comment
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .filter((line) => line !== "")
    .join(" ")
    .trim()
    .replaceAll("|", "\\|");
  const since = def.since ?? "— (ours)";
  const lowered = [cpu, reference].filter(({ rules }) => name in rules).map((target) => target.name);
  const how = lowered.length > 0 ? ` Lowered on ${lowered.join(" and ")}.` : "";
  return `| \`${name}\` | ${since} | ${def.grad === "none" ? "none" : "yes"} | ${text}${how} |`;
}

const introduction = (all: number, differentiable: number) => `# Operators

<!-- Printed by \`node tools/print-operators.ts\` from the operator table; do not edit. -->

The engine's graph has ${all} operators; ${differentiable} have a gradient rule (a rule may give zero, as for rounding).
"ONNX since" is the lowest opset whose spelling we write; models are written with opset 17. Operators marked "ours" are
composite: they have a gradient rule of their own and are replaced before a model is written. Where it says "Lowered on
cpu", the fast target runs another formula than ONNX's operator; "reference" is the float64 target that gradients are
checked on.

Every operator is tested against PyTorch's values and gradients (\`packages/engine/test/ops\`, fixtures made by
\`tools/reference/ops_torch.py\`), first and second derivatives against central differences in float64, and its error
message for inputs that do not fit. Functions of several nodes (losses, \`gelu\`, \`groupNorm\`, \`batchNorm\` with running
statistics, adaptive pooling, \`roiAlign\` by maximum) are in \`packages/engine/src/ops/composite.ts\` and tested alike.
`;

interface Suite {
  readonly source: string;
  readonly total: number;
  readonly equal: number;
  readonly stored: number;
  readonly why: Readonly<Record<string, number>>;
}

/** How many of ONNX's cases pass and why the others do not, as a table. */
function printCases(suites: readonly Suite[]): string {
  const sum = (why: string) => suites.reduce((n, suite) => n + (suite.why[why] ?? 0), 0);
  const whys = [...new Set(suites.flatMap(({ why }) => Object.keys(why)))].sort((a, b) => sum(b) - sum(a));
  const line = (title: string, of: (suite: Suite) => number | string) =>
    `| ${title} | ${suites.map((suite) => of(suite)).join(" | ")} |`;
  return [
    line("", ({ source }) => source),
    line("---", () => "---"),
    line("cases of operators of ai.onnx", ({ total }) => total),
    line("**give ONNX's results**", ({ equal }) => `**${equal}**`),
    line("of these, in the repository and tested", ({ stored }) => stored),
    ...whys.map((why) => line(why, (suite) => suite.why[why] ?? 0)),
  ].join("\n");
}

const suites = JSON.parse(readFileSync(new URL("packages/engine/test/fixtures/onnx-cases.json", root), "utf8"));

const outside = `## Sizes that depend on the data

A value of the graph has a concrete shape. \`NonZero\` and \`NonMaxSuppression\` have their largest possible one, with −1
after what was found, and their builders (\`nonZero\`, \`nonMaxSuppression\`) give the count beside it. In a *file* these two,
\`Unique\`, and an \`If\` or a shape that is decided at run time mean what ONNX means: unless their inputs are constant, the
node is named, and the model can be run, not differentiated.

Functions that a model defines itself are written out at every call, with its attributes and in their own opset.

Outside are loops, recurrent layers, sequences, strings, random numbers and the bits of integers.

## Types of files

float16 and bfloat16 are computed in float32, without rounding in between; int16 and uint16 in int32, uint32 and uint64
(below 2⁶³) in int64, without wrapping around. So a float16 model takes and gives float32 here; ONNX Runtime's own half
precision is met to about 1e-3. 8-bit integers of quantised models are computed exactly, and gradients pass their
rounding straight through: \`QuantizeLinear\`, \`DequantizeLinear\`, \`DynamicQuantizeLinear\`, \`MatMulInteger\`, \`ConvInteger\`,
\`QLinearMatMul\`, \`QLinearConv\`, and of com.microsoft \`QLinearAdd\`, \`QLinearMul\`, \`QLinearSigmoid\`,
\`QLinearLeakyRelu\`, \`QLinearSoftmax\`, \`QLinearAveragePool\`, \`QLinearGlobalAveragePool\`, \`QLinearConcat\`, \`QGemm\`. The
integers of a weight are a graph's input like any other: their gradient is a float, the step times that of what they mean.

## At the edges

Values and gradients are compared with PyTorch's at zeros of both signs, infinities, NaN, ties, overflow and masks of −∞
(\`packages/engine/test/edges.test.ts\`, fixtures made by \`tools/reference/edges_torch.py\`). These differ:

${printDifferences()}

## ONNX's own cases

ONNX has test cases of single operators. \`node tools/select-onnx-cases.ts ONNX12 ONNX23\` runs those of two versions (folders
that \`onnx.backend.test.cmd_tools generate-data\` and \`tools/reference/onnx_cases.py\` write), stores the small ones and counts. Axes, shapes and limits, which these one-node models take as inputs and real models hold
as constants, are constants here; \`NonZero\` and \`NonMaxSuppression\` are compared without their padding.

${printCases(suites)}
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("docs/operators.md", root), printOperators());
  console.log(`docs/operators.md: ${Object.keys(operators).length} operators`);
}
