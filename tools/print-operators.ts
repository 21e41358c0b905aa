// docs/operators.md from the operator table and the comments above its entries: node tools/print-operators.ts
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cpu, operators, reference } from "@reprise/engine";

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
  const lowered = [cpu, reference].filter((target) => target.rules[name]).map((target) => target.name);
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

const outside = `## Outside the graph

A value of the graph has a concrete shape, so operators whose result depends on the data in its *size* have no entry:
\`NonZero\`, \`NonMaxSuppression\`, \`Unique\`, \`Compress\`. Selection of that kind happens in TypeScript between two graphs,
padded to a fixed number with a mask. A model with such an operator can be run, not differentiated. Nor are there
control flow (\`If\`, \`Loop\`, \`Scan\`), recurrent layers, sequences and strings.

## ONNX's own cases

ONNX ships 922 test cases of single operators. \`node tools/select-onnx-cases.ts FOLDER\` packs those whose operators can
be imported and that take at most 60 kB; \`npx vitest run packages/engine/test/onnx-cases.test.ts\` runs them and checks
these numbers: 766 cases, of which 700 give ONNX's results, 64 are refused with a message (dtypes that the engine does not
compute with, nodes in training mode, shapes computed at run time), and 2 differ because ONNX Runtime's kernel does.
The other 156 need operators named above, or are larger.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("docs/operators.md", root), printOperators());
  console.log(`docs/operators.md: ${Object.keys(operators).length} operators`);
}
