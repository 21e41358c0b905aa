// Sums of products over named axes.
import type { Value } from "../ir/graph.ts";
import { allocate, formatShape, type Shape, ShapeError, type Tensor, type Type } from "../ir/type.ts";
import { einsum, expand, mul, reshape, transpose } from "./build.ts";
import { op } from "./op.ts";

interface Subscripts {
  readonly terms: readonly string[];
  readonly out: string;
}

/** The letters of each input's axes and of the result's; an ellipsis becomes letters of its own. */
function subscripts(equation: string, shapes: readonly Shape[]): Subscripts {
  const [left = "", right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== shapes.length) {
    throw new ShapeError(`"${equation}" is of ${terms.length} inputs; ${shapes.length} were given`);
  }
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].filter((letter) => !equation.includes(letter));
  const covered = Math.max(
    0,
    ...terms.map((term, i) => (term.includes("...") ? shapes[i]!.length - term.length + 3 : 0)),
  );
  const dots = free.slice(0, covered).join("");
  const spelled = terms.map((term, i) => {
    const own = shapes[i]!.length - term.length + 3;
    const full = term.replace("...", own > 0 ? dots.slice(-own) : "");
    if (full.length !== shapes[i]!.length || /[^a-zA-Z]/.test(full)) {
      throw new ShapeError(`"${term}" in "${equation}" does not name the axes of ${formatShape(shapes[i]!)}`);
    }
    return full;
  });
  const all = spelled.join("");
  // Without an arrow the result has the letters that occur once, in alphabetical order, after the ellipsis.
  const once = [...new Set(all)].filter((c) => all.indexOf(c) === all.lastIndexOf(c) && !dots.includes(c));
  const out = right === undefined ? dots + once.sort().join("") : right.replace("...", dots);
  for (const letter of out) {
    if (!all.includes(letter))
      throw new ShapeError(`"${letter}" in the result of "${equation}" does not name an axis of any input`);
  }
  return { terms: spelled, out };
}

function sizes({ terms }: Subscripts, inputs: readonly Type[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    for (const [axis, letter] of [...term].entries()) {
      const size = inputs[i]!.shape[axis]!;
      const known = found.get(letter) ?? size;
      if (known !== size) {
        throw new ShapeError(
          `axis "${letter}" has size ${known} in one input and ${size} in another: ${inputs.map(({ shape }) => formatShape(shape)).join(", ")}`,
        );
      }
      found.set(letter, known);
    }
  }
  return found;
}

/** Inputs whose axes of size 1 are repeated to the size that their letter has in another input, as ONNX has it. */
export function broadcastInputs(equation: string, inputs: readonly Value[]): Value[] {
  const { terms } = subscripts(
    equation,
    inputs.map(({ shape }) => shape),
  );
  const largest = new Map<string, number>();
  for (const [i, term] of terms.entries())
    for (const [axis, letter] of [...term].entries())
      largest.set(letter, Math.max(largest.get(letter) ?? 1, inputs[i]!.shape[axis]!));
  return inputs.map((x, i) => {
    const shape = x.shape.map((size, axis) => (size === 1 ? largest.get(terms[i]![axis]!)! : size));
    return shape.every((size, axis) => size === x.shape[axis]) ? x : expand(x, shape);
  });
}

/**
 * Y[out] = Σ Π Xᵢ[termᵢ] over the letters that are not in out, e.g. "bij,bjk->bik".
 * dXᵢ[termᵢ] = Σ dY[out]·Π of the others: the same with the roles of out and termᵢ exchanged; repeated along letters
 * that only termᵢ has, and put on the diagonal where it has one twice.
 */
export const Einsum = op<{ equation: string }>({
  inputs: [1, Number.POSITIVE_INFINITY],
  since: 12,
  infer(xs, { equation }) {
    const parsed = subscripts(
      equation,
      xs.map(({ shape }) => shape),
    );
    const known = sizes(parsed, xs);
    return { dtype: xs[0].dtype, shape: [...parsed.out].map((letter) => known.get(letter)!) };
  },
  grad({ x, dy: dY, need, attrs: { equation } }) {
    const parsed = subscripts(
      equation,
      x.map(({ shape }) => shape),
    );
    const known = sizes(parsed, x);
    return x.map((X, i) => {
      if (!need[i]) return null;
      const others = parsed.terms.filter((_, j) => j !== i);
      const there = new Set([parsed.out, ...others].join(""));
      const letters = [...new Set(parsed.terms[i]!)];
      const shared = letters.filter((letter) => there.has(letter)).join("");
      const d = einsum(`${[parsed.out, ...others].join(",")}->${shared}`, dY, ...x.filter((_, j) => j !== i));
      const apart = reshape(
        d,
        letters.map((letter) => (there.has(letter) ? known.get(letter)! : 1)),
      );
      const full = expand(
        apart,
        letters.map((letter) => known.get(letter)!),
      );
      return onDiagonals(full, letters, parsed.terms[i]!, X);
    });
  },
});

/** x with axes `letters` spread to the axes of `term`, zero where axes of one letter differ. */
function onDiagonals(x: Value, letters: readonly string[], term: string, like: Value): Value {
  const firsts = [...term].flatMap((letter, i) => (term.indexOf(letter) === i ? letter : []));
  let y = transpose(
    x,
    firsts.map((letter) => letters.indexOf(letter)),
  );
  y = reshape(
    y,
    [...term].map((letter, i) => (term.indexOf(letter) === i ? like.shape[i]! : 1)),
  );
  for (const [i, letter] of [...term].entries()) {
    const first = term.indexOf(letter);
    if (first !== i)
      y = mul(y, y.graph.constant(identity(y.dtype as "float32", like.shape[i]!, first, i, term.length)));
  }
  return y;
}

/** 1 where the indices of two axes are equal, in a shape that broadcasts to `rank` axes. */
function identity(dtype: "float32" | "float64", n: number, a: number, b: number, rank: number): Tensor {
  const data = allocate(dtype, n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return { dtype, shape: Array.from({ length: rank }, (_, i) => (i === a || i === b ? n : 1)), data };
}
