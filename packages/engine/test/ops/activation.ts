import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  boundedRelu,
  celu,
  cos,
  cosh,
  elu,
  hardSigmoid,
  hardSwish,
  pRelu,
  selu,
  sin,
  sinh,
  softsign,
  tan,
  thresholdedRelu,
  type Value,
} from "@reprise/engine";
import type { Row } from "./row.ts";

const row = (op: string, cases: Row["cases"], kinks?: Row["kinks"]): Row => ({
  cases,
  wrong: [({ i, graph }) => graph.add(op, [i(2)]), `${op}: input is int64 [2]; it must be float32 or float64: cast it`],
  ...(kinks && { kinks }),
});
const signs = (op: string, f: (x: Value) => Value, kinks?: Row["kinks"]) =>
  row(op, { "both signs": (x) => f(x) }, kinks);

export const rows: Record<string, Row> = {
  HardSigmoid: row(
    "HardSigmoid",
    { "ONNX's slope": (x) => hardSigmoid(x), "PyTorch's slope": (x) => hardSigmoid(x, { alpha: 1 / 6 }) },
    {
      of: (x) => hardSigmoid(x, { alpha: 0.25 }),
      at: [
        [-2, 0],
        [0, 0.25],
        [2, 0],
      ],
    },
  ),
  BoundedRelu: row(
    "BoundedRelu",
    { ReLU6: (x) => boundedRelu(x), "up to 1.5": (x) => boundedRelu(x, { max: 1.5 }) },
    {
      of: (x) => boundedRelu(x),
      at: [
        [-1, 0],
        [0, 0],
        [5, 1],
        [6, 0],
        [7, 0],
      ],
    },
  ),
  HardSwish: signs("HardSwish", hardSwish, {
    of: hardSwish,
    at: [
      [-3, 0],
      [3, 1],
    ],
  }),
  Elu: row(
    "Elu",
    { "both signs": (x) => elu(x), "alpha 0.4, far out": (x) => elu(x, { alpha: 0.4 }) },
    { of: (x) => elu(x, { alpha: 0.4 }), at: [[0, 0.4]] },
  ),
  Selu: signs("Selu", selu, { of: (x) => selu(x), at: [[0, 1.6732632423543772 * 1.0507009873554805]] }),
  Celu: row("Celu", { "alpha 1": (x) => celu(x), "alpha 0.6": (x) => celu(x, { alpha: 0.6 }) }),
  ThresholdedRelu: row(
    "ThresholdedRelu",
    { "above 0.7": (x) => thresholdedRelu(x, { alpha: 0.7 }) },
    {
      of: (x) => thresholdedRelu(x),
      at: [
        [1, 0],
        [1.5, 1],
      ],
    },
  ),
  PRelu: {
    cases: { "a slope per channel": pRelu, "one slope": pRelu },
    wrong: [
      ({ f }) => pRelu(f(2, 3, 4), f(3)),
      "PRelu: slope is [3], which does not broadcast to the input [2, 3, 4]; for one slope per channel give it as [C, 1, …]",
    ],
    kinks: { of: (x) => pRelu(x, x.graph.constant(0.3)), at: [[0, 0.3]] },
  },
  Softsign: signs("Softsign", softsign),
  Sin: signs("Sin", sin),
  Cos: signs("Cos", cos),
  Tan: signs("Tan", tan),
  Asin: signs("Asin", asin),
  Acos: signs("Acos", acos),
  Atan: signs("Atan", atan),
  Sinh: signs("Sinh", sinh),
  Cosh: signs("Cosh", cosh),
  Asinh: signs("Asinh", asinh),
  Acosh: row("Acosh", { "above 1": acosh }),
  Atanh: signs("Atanh", atanh),
};
