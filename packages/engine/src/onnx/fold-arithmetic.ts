// Arithmetic on constants as ONNX Runtime's kernels do it: integers wrap around, float32 is rounded after each operation.
// A rule gives undefined where C++ leaves the result open (a division by 0), or where the last digit is the kernel's.
import { type DType, isFloat, type Tensor } from "../ir/type.ts";
import { broadcastIndex, type Element, elementsOf, type FoldRule, tensorOf } from "./fold-element.ts";

type Maybe = Element | undefined;
type Numbers = (a: number, b: number, dtype: DType) => number | undefined;
type Wholes = (a: bigint, b: bigint, dtype: DType) => bigint | undefined;

/** All elements, unless one is left open. */
const whole = (elements: readonly Maybe[]): elements is readonly Element[] => !elements.includes(undefined);

/** An operation on two broadcast tensors: one function for floats (and what is like them), one for integers. */
const binary =
  (real: Numbers | undefined, integer: Wholes | undefined): FoldRule =>
  ([a, b], out) => {
    const { dtype } = a!;
    const [at, bt] = [broadcastIndex(a!.shape, out.shape), broadcastIndex(b!.shape, out.shape)];
    const [x, y] = [elementsOf(a!), elementsOf(b!)];
    const f = (p: Element, q: Element): Maybe =>
      isFloat(dtype) ? real?.(p as number, q as number, dtype) : integer?.(BigInt(p), BigInt(q), dtype);
    return wrapped(
      at.map((i, k) => f(x[i]!, y[bt[k]!]!)),
      out,
    );
  };

/** A tensor of exact results: integers are cut to the bits of their dtype. */
function wrapped(results: readonly Maybe[], out: Parameters<FoldRule>[1]): Tensor | undefined {
  if (!whole(results)) return undefined;
  return tensorOf(
    out,
    results.map((result) => (typeof result === "bigint" ? cut(result, out.dtype) : result)),
  );
}

function cut(value: bigint, dtype: DType): Element {
  if (dtype === "int64") return BigInt.asIntN(64, value);
  if (dtype === "int32") return Number(BigInt.asIntN(32, value));
  if (dtype === "int8") return Number(BigInt.asIntN(8, value));
  if (dtype === "uint8") return Number(BigInt.asUintN(8, value));
  return Number(value);
}

const comparing = (test: (a: Element, b: Element) => boolean): FoldRule =>
  binary(
    (a, b) => Number(test(a, b)),
    (a, b) => (test(a, b) ? 1n : 0n),
  );

const unary =
  (real: ((a: number) => number) | undefined, integer: ((a: bigint) => bigint) | undefined): FoldRule =>
  ([x], out) => {
    const f = (a: Element): Maybe => (isFloat(x!.dtype) ? real?.(a as number) : integer?.(BigInt(a)));
    return wrapped(elementsOf(x!).map(f), out);
  };

/** Along the axes, without a start: a reduction of nothing is left to the kernel. */
const reduced =
  (real: Numbers | undefined, integer: Wholes): FoldRule =>
  ([x], out) => {
    const axes = out.node!.attrs.axes as readonly number[];
    const result: Maybe[] = Array(out.shape.reduce((n, dim) => n * dim, 1)).fill(undefined);
    const seen = result.map(() => false);
    for (const [flat, value] of elementsOf(x!).entries()) {
      let [rest, index, stride] = [flat, 0, 1];
      for (let axis = x!.shape.length - 1; axis >= 0; axis--) {
        const size = x!.shape[axis]!;
        if (!axes.includes(axis)) {
          index += (rest % size) * stride;
          stride *= size;
        }
        rest = Math.floor(rest / size);
      }
      const element = typeof value === "bigint" || isFloat(x!.dtype) ? value : BigInt(value);
      if (!seen[index]) result[index] = element;
      else if (result[index] !== undefined)
        result[index] =
          typeof element === "bigint"
            ? integer(result[index] as bigint, element, x!.dtype)
            : real?.(result[index] as number, element, x!.dtype);
      seen[index] = true;
    }
    return wrapped(result, out);
  };

/** Which NaN comes out differs between kernels and platforms. */
const ordered =
  (f: (a: number, b: number) => number): Numbers =>
  (a, b) =>
    Number.isNaN(a) || Number.isNaN(b) ? undefined : f(a, b);

const larger = (a: bigint, b: bigint): bigint => {
  if (a > b) return a;
  return b;
};
const lesser = (a: bigint, b: bigint): bigint => -larger(-a, -b);
const truth = (f: (a: bigint, b: bigint) => bigint): FoldRule => binary(undefined, f);

/** Kernels that compute integers in float64 are exact up to 2⁵³ and do not wrap around; beyond, the digits are theirs. */
const limited =
  (f: Wholes): Wholes =>
  (a, b, dtype) => {
    const result = f(a, b, dtype);
    const [low, high] = dtype === "int64" ? [-(2 ** 53), 2 ** 53] : bounds[dtype]!;
    return [a, b, result].every((n) => n !== undefined && n >= low && n <= high) ? result : undefined;
  };

const bounds: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1024],
};

/** A float outside the integers' range, or NaN, becomes whatever the processor makes of it. */
function castOf(value: Element, from: DType, to: DType): Maybe {
  if (to === "bool") return Number(Number(value) !== 0);
  if (!isFloat(from)) {
    if (!isFloat(to)) return BigInt(value);
    const exact = typeof value === "number" || (value >= -(2n ** 53n) && value <= 2n ** 53n);
    // From int64 to float32 by way of float64 would round twice.
    return exact || to === "float64" ? Number(value) : undefined;
  }
  if (isFloat(to)) return value;
  const [low, high] = bounds[to]!;
  const cutOff = Math.trunc(value as number);
  return cutOff >= low && cutOff <= high ? BigInt(cutOff) : undefined;
}

export const arithmetic: Readonly<Record<string, FoldRule>> = {
  Add: binary(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  Sub: binary(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  Mul: binary(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  // Of bigints it cuts towards 0, as C++. The lowest integer over −1 has no result.
  Div: binary(
    (a, b) => a / b,
    (a, b, dtype) => (b === 0n || (b === -1n && a === BigInt(bounds[dtype]![0])) ? undefined : a / b),
  ),
  Mod: (x, out) =>
    binary(
      (a, b) => a % b,
      (a, b, dtype) => {
        if (b === 0n) return undefined;
        const rest = a % b;
        // The sign of a is what fmod asks for.
        if (out.node!.attrs.fmod) return limited(() => rest)(a, b, dtype);
        return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
      },
    )(x, out),
  Pow: binary(
    undefined,
    limited((a, b) => (b < 0n || b > 64n ? undefined : a ** b)),
  ),
  Min: binary(ordered(Math.min), lesser),
  Max: binary(ordered(Math.max), larger),
  And: truth((a, b) => a & b),
  Or: truth((a, b) => a | b),
  Xor: truth((a, b) => a ^ b),
  Not: unary(undefined, (a) => 1n - a),
  Equal: comparing((a, b) => a === b),
  Greater: comparing((a, b) => a > b),
  Less: comparing((a, b) => a < b),
  GreaterOrEqual: comparing((a, b) => a >= b),
  LessOrEqual: comparing((a, b) => a <= b),
  Neg: unary(
    (a) => -a,
    (a) => -a,
  ),
  Abs: unary(Math.abs, (a) => (a < 0n ? -a : a)),
  Sqrt: unary(Math.sqrt, undefined),
  Floor: unary(Math.floor, undefined),
  Ceil: unary(Math.ceil, undefined),
  Round: unary((a) => {
    const up = Math.round(a);
    return up - a === 0.5 && up % 2 !== 0 ? up - 1 : up; // the even one of two
  }, undefined),
  Cast: ([x], out) =>
    wrapped(
      elementsOf(x!).map((value) => castOf(value, x!.dtype, out.dtype)),
      out,
    ),
  // The order in which floats are added is the kernel's.
  ReduceSum: reduced(
    undefined,
    limited((a, b) => a + b),
  ),
  ReduceProd: reduced(
    undefined,
    limited((a, b) => a * b),
  ),
  ReduceMax: reduced(ordered(Math.max), larger),
  ReduceMin: reduced(ordered(Math.min), lesser),
};
