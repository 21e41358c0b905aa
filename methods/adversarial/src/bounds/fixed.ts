// Values of a graph that no input reaches, as those of batch normalisation are: computed from weights alone.
import type { Value } from "@reprise/engine";

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

/** The numbers of a value that is a constant, or made of constants by arithmetic value by value; undefined of others. */
export function fixedNumbers(value: Value | null): ArrayLike<number> | undefined {
  if (!value) return undefined;
  if (value.constant) {
    const { data } = value.constant;
    return data instanceof BigInt64Array || data instanceof BigUint64Array ? undefined : (data as ArrayLike<number>);
  }
  const { node } = value;
  if (!node) return undefined;
  if (node.op === "Reshape" || node.op === "Identity") return fixedNumbers(node.inputs[0]!);
  const a = fixedNumbers(node.inputs[0] ?? null);
  if (!a) return undefined;
  if (node.op === "Sqrt") return Float64Array.from(a, Math.sqrt);
  const f = binary[node.op];
  const b = f && fixedNumbers(node.inputs[1] ?? null);
  if (!f || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return undefined;
  const at = (values: ArrayLike<number>, i: number) => values[values.length === 1 ? 0 : i]!;
  return Float64Array.from({ length: Math.max(a.length, b.length) }, (_, i) => f(at(a, i), at(b, i)));
}
