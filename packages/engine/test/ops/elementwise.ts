import {
  abs,
  add,
  and,
  cast,
  ceil,
  clip,
  div,
  equal,
  erf,
  exp,
  floor,
  greater,
  greaterOrEqual,
  identity,
  isInf,
  isNan,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  max,
  min,
  mod,
  mul,
  neg,
  not,
  type Operand,
  or,
  pow,
  reciprocal,
  relu,
  round,
  sigmoid,
  sign,
  softplus,
  sqrt,
  stopGradient,
  straightThrough,
  sub,
  tanh,
  type Value,
  where,
  within,
  xor,
} from "@reprise/engine";
import type { Row } from "./row.ts";

const arithmetic = (op: string, f: (a: Value, b: Value) => Value): Row => ({
  cases: { "same shape": f, "both broadcast": f, scalar: f },
  wrong: [
    ({ f: float }) => f(float(2, 3), float(2, 4)),
    `${op}: shapes [2, 3] and [2, 4] do not broadcast: sizes 3 and 4 meet on axis -1; each pair must be equal or have a 1`,
  ],
});

const comparison = (op: string, f: (a: Value, b: Value) => Value, cases: readonly string[]): Row => ({
  cases: Object.fromEntries(cases.map((name) => [name, f])),
  wrong: [
    ({ f: float, i }) => f(float(2), i(2)),
    `${op}: inputs are float32 [2] and int64 [2]; their dtypes must be equal: cast one`,
  ],
});

const logical = (op: string, f: (a: Value, b: Value) => Value): Row => ({
  cases: { broadcast: f },
  wrong: [({ f: float, b }) => f(b(2), float(2)), `${op}: inputs are bool [2] and float32 [2]; both must be bool`],
});

const floats = (op: string, f: (x: Value) => Value, cases: readonly string[], kinks?: Row["kinks"]): Row => ({
  cases: Object.fromEntries(cases.map((name) => [name, f])),
  wrong: [({ i }) => f(i(2)), `${op}: input is int64 [2]; it must be float32 or float64: cast it`],
  ...(kinks && { kinks }),
});

const numbers = (op: string, f: (x: Value) => Value, cases: readonly string[], kinks?: Row["kinks"]): Row => ({
  cases: Object.fromEntries(cases.map((name) => [name, f])),
  wrong: [({ b }) => f(b(2)), `${op}: input is bool [2]; it must be a number: cast it`],
  ...(kinks && { kinks }),
});

const against = (f: (a: Operand, b: Operand) => Value) => (x: Value) => f(x, 1);

export const rows: Record<string, Row> = {
  Add: arithmetic("Add", add),
  Sub: arithmetic("Sub", sub),
  Mul: arithmetic("Mul", mul),
  Div: arithmetic("Div", div),
  Pow: {
    cases: { "same shape": pow, "both broadcast": pow, "square of negatives": (x) => pow(x, 2) },
    wrong: [
      ({ f, i }) => pow(f(2), i(2)),
      "Pow: inputs are float32 [2] and int64 [2]; their dtypes must be equal: cast one",
    ],
    kinks: { of: (x) => pow(x, 2), at: [[0, 0]] },
  },
  Min: {
    ...arithmetic("Min", min),
    kinks: {
      of: against(min),
      at: [
        [0.5, 1],
        [1, 0.5],
        [2, 0],
      ],
    },
  },
  Max: {
    ...arithmetic("Max", max),
    kinks: {
      of: against(max),
      at: [
        [0.5, 0],
        [1, 0.5],
        [2, 1],
      ],
    },
  },
  Greater: comparison("Greater", greater, ["broadcast, with a tie"]),
  Less: comparison("Less", less, ["broadcast, with a tie"]),
  Equal: comparison("Equal", equal, ["broadcast", "integers"]),
  GreaterOrEqual: comparison("GreaterOrEqual", greaterOrEqual, ["broadcast, with a tie"]),
  LessOrEqual: comparison("LessOrEqual", lessOrEqual, ["broadcast, with a tie"]),
  IsNaN: floats("IsNaN", isNan, ["all kinds"]),
  IsInf: floats("IsInf", isInf, ["all kinds"]),
  Mod: {
    cases: { "floats, sign of the dividend": mod, "integers, sign of the divisor": mod },
    wrong: [
      ({ f, graph }) => graph.add("Mod", [f(2), f(2)], { fmod: 0 }),
      "Mod: inputs are float32 [2]; floats need fmod: 1",
    ],
  },
  Floor: floats("Floor", floor, ["both signs", "halves"]),
  Ceil: floats("Ceil", ceil, ["both signs", "halves"]),
  Round: floats("Round", round, ["both signs", "halves"]),
  StraightThrough: {
    cases: { "a step that passes its gradient": (x) => straightThrough(x, sign(x)) },
    wrong: [
      ({ f }) => straightThrough(f(2), f(3)),
      "StraightThrough: the gradient goes to float32 [2], the value is float32 [3]; they must be alike",
    ],
    departs: true,
  },
  Xor: logical("Xor", xor),
  And: logical("And", and),
  Or: logical("Or", or),
  Not: { cases: { both: not }, wrong: [({ f }) => not(f(2)), "Not: input is float32 [2]; it must be bool"] },
  Neg: numbers("Neg", neg, ["both signs"]),
  Abs: numbers("Abs", abs, ["both signs"], {
    of: abs,
    at: [
      [-1, -1],
      [0, 0],
      [1, 1],
    ],
  }),
  Sign: numbers("Sign", sign, ["both signs"], { of: sign, at: [[0, 0]] }),
  Exp: floats("Exp", exp, ["both signs"]),
  Log: floats("Log", log, ["positive"]),
  Sqrt: floats("Sqrt", sqrt, ["positive"]),
  Reciprocal: floats("Reciprocal", reciprocal, ["both signs"]),
  Relu: numbers("Relu", relu, ["both signs"], {
    of: relu,
    at: [
      [0, 0],
      [-0, 0],
      [1e-30, 1],
    ],
  }),
  LeakyRelu: {
    ...floats("LeakyRelu", leakyRelu, ["default slope"], { of: leakyRelu, at: [[0, 0.01]] }),
    cases: { "default slope": (x) => leakyRelu(x), "slope 0.3": (x) => leakyRelu(x, { alpha: 0.3 }) },
  },
  Sigmoid: floats("Sigmoid", sigmoid, ["both signs", "far out"]),
  Tanh: floats("Tanh", tanh, ["both signs", "far out"]),
  Erf: floats("Erf", erf, ["both signs", "far out"]),
  Softplus: floats("Softplus", softplus, ["both signs", "far out"]),
  Clip: {
    cases: {
      "both limits": (x) => clip(x, { min: -0.7, max: 1.1 }),
      "from below": (x) => clip(x, { min: -0.7 }),
      "from above": (x) => clip(x, { max: 0.2 }),
    },
    wrong: [({ b }) => clip(b(2), { min: 0 }), "Clip: input is bool [2]; it must be a number: cast it"],
    kinks: {
      of: (x) => clip(x, { min: 0, max: 1 }),
      at: [
        [-0.5, 0],
        [0, 1],
        [1, 1],
        [1.5, 0],
      ],
    },
  },
  Within: {
    cases: {
      "open and closed": (x) => mul(x, within(x, { above: -1, max: 1.5 })),
      "one limit": (x) => mul(x, within(x, { below: 0.3 })),
    },
    wrong: [
      ({ i }) => within(i(2), { above: 0 }),
      "Within: input is int64 [2]; it must be float32 or float64: cast it",
    ],
    departs: true,
  },
  Where: {
    cases: { "all three broadcast": where },
    wrong: [
      ({ f, b, i }) => where(b(2), f(2), i(2)),
      "Where: condition is bool [2], branches are float32 [2] and int64 [2]; the condition must be bool and the branches of one dtype",
    ],
  },
  Cast: {
    cases: {
      "to integer and back": (x) => cast(cast(x, "int64"), x.dtype),
      "bool to float": (x) => cast(x, "float32"),
    },
    wrong: [
      ({ f }) => cast(f(2), "complex64" as "float32"),
      'Cast: there is no dtype "complex64"; the dtypes are float32, float64, int8, uint8, int32, int64, bool',
    ],
  },
  Identity: {
    cases: { matrix: identity },
    wrong: [({ graph }) => graph.add("Identity", []), "Identity: 0 inputs given, 1 expected"],
  },
  StopGradient: {
    cases: { "one factor of two": (x) => mul(x, stopGradient(x)) },
    wrong: [({ graph, f }) => graph.add("StopGradient", [f(1), f(1)]), "StopGradient: 2 inputs given, 1 expected"],
    departs: true,
  },
};
