// Where values and gradients at the edges of operators' domains differ from PyTorch's, and why. The test compares all points
// of fixtures/edges.json and takes these; docs/operators.md prints them.

/** A point: the operands of an elementwise operator, or the row that a reduction or loss goes over. */
export type Point = readonly number[];

export interface Difference {
  readonly operators: readonly string[];
  /** y, or the gradient in input 0 or 1. */
  readonly of: readonly ("y" | "d0" | "d1")[];
  readonly at: (point: Point) => boolean;
  readonly where: string;
  readonly ours: string;
  readonly pytorch: string;
  readonly why: string;
}

const hasNaN = (point: Point): boolean => point.some(Number.isNaN);
const hasInfinity = (point: Point): boolean => point.some((x) => Math.abs(x) === Number.POSITIVE_INFINITY);
const overflows = (point: Point): boolean => hasInfinity(point) || point.some((x) => Math.abs(x) > 1e19);

export const differences: readonly Difference[] = [
  {
    operators: [
      "Abs",
      "Relu",
      "Clip",
      "HardSigmoid",
      "HardSwish",
      "Elu",
      "Selu",
      "Celu",
      "BoundedRelu",
      "ThresholdedRelu",
      "ReduceL1",
    ],
    of: ["d0"],
    at: hasNaN,
    where: "x is NaN",
    ours: "NaN",
    pytorch: "the derivative of one branch",
    why: "what is not a number has no side of a kink; a NaN stays one",
  },
  {
    operators: ["Min", "Max"],
    of: ["d0", "d1"],
    at: hasNaN,
    where: "an operand is NaN",
    ours: "0",
    pytorch: "dy, to both",
    why: "neither operand is the larger or equal one",
  },
  {
    operators: ["Sign"],
    of: ["y"],
    at: hasNaN,
    where: "x is NaN",
    ours: "NaN",
    pytorch: "0",
    why: "as ONNX Runtime",
  },
  {
    operators: ["ThresholdedRelu"],
    of: ["y"],
    at: hasNaN,
    where: "x is NaN",
    ours: "0",
    pytorch: "NaN",
    why: "as ONNX Runtime: NaN is not above the threshold",
  },
  {
    operators: ["HardSwish"],
    of: ["d0"],
    at: ([x]) => x === -3,
    where: "x = −3",
    ours: "0",
    pytorch: "−½",
    why: "a kink: ours is the derivative from the left, as at the kinks of the other activations",
  },
  {
    operators: ["Softsign"],
    of: ["y"],
    at: ([x]) => Math.abs(x!) > 1e38,
    where: "|x| > 2¹²⁶",
    ours: "0",
    pytorch: "±1",
    why: "as ONNX Runtime, whose kernel multiplies by 1/(1 + |x|), a number that is flushed to 0",
  },
  {
    operators: ["Softsign"],
    of: ["d0"],
    at: hasInfinity,
    where: "x = ±∞",
    ours: "0",
    pytorch: "NaN",
    why: "the limit",
  },
  {
    operators: ["Pow"],
    of: ["d1"],
    at: ([a, b]) => a === 0 && Number.isNaN(b),
    where: "0 to the power of NaN",
    ours: "0",
    pytorch: "NaN",
    why: "the gradient in the exponent is 0 wherever the base is",
  },
  {
    operators: ["Mod"],
    of: ["d1"],
    at: ([a, b]) => b === 0 || Math.abs(a!) === Number.POSITIVE_INFINITY,
    where: "the divisor is 0, or the dividend infinite",
    ours: "NaN",
    pytorch: "∓∞",
    why: "the rest is NaN there. Elsewhere ours is the exact whole number that was taken off",
  },
  {
    operators: ["PRelu"],
    of: ["y"],
    at: ([x, slope]) => x === 0 && !Number.isFinite(slope),
    where: "x = 0 with an infinite slope",
    ours: "0",
    pytorch: "NaN",
    why: "as ONNX Runtime, which takes 0 for the upper branch",
  },
  {
    operators: ["ReduceProd"],
    of: ["d0"],
    at: overflows,
    where: "an element is infinite, or the product overflows",
    ours: "y/x of them: NaN or ∞",
    pytorch: "the product of the others, where any row of the array holds a zero",
    why: "PyTorch has our formula for arrays without a zero, ours does not depend on other rows",
  },
  {
    operators: ["ReduceProd"],
    of: ["d0"],
    at: hasNaN,
    where: "x is NaN",
    ours: "NaN",
    pytorch: "the product of the others, likewise",
    why: "as above",
  },
  {
    operators: ["LayerNormalization"],
    of: ["y", "d0"],
    at: (row) => row.some((x) => Math.abs(x) > 1e19 && Number.isFinite(x)),
    where: "the variance overflows",
    ours: "0",
    pytorch: "NaN",
    why: "as ONNX Runtime: x divided by an infinite deviation",
  },
  {
    operators: ["sigmoidCrossEntropy"],
    of: ["y"],
    at: ([x]) => x === Number.NEGATIVE_INFINITY,
    where: "x = −∞ with a target above 0",
    ours: "∞",
    pytorch: "NaN",
    why: "the limit",
  },
];

/** The list as a table of Markdown. */
export function printDifferences(): string {
  const lines = differences.map(({ operators, of, where, ours, pytorch, why }) => {
    const what = of.map((part) => ({ y: "y", d0: "dx", d1: "d of the second" })[part]).join(", ");
    return `| ${operators.map((op) => `\`${op}\``).join(", ")} | ${what} | ${where.replaceAll("|", "\\|")} | ${ours} | ${pytorch} | ${why.replaceAll("|", "\\|")} |`;
  });
  return ["| Operator | Of | Where | Here | PyTorch | Why |", "|---|---|---|---|---|---|", ...lines].join("\n");
}
