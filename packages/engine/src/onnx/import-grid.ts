// Sampling at computed places, as in spatial transformers.
import type { Value } from "../ir/graph.ts";
import { sizeOf, tensor } from "../ir/type.ts";
import {
  abs,
  add,
  and,
  cast,
  clip,
  constant,
  expand,
  floor,
  gatherElements,
  greaterOrEqual,
  less,
  lessOrEqual,
  matMul,
  mul,
  relu,
  reshape,
  round,
  slice,
  sub,
  transposeLast,
  where,
} from "../ops/build.ts";
import { type ImportRule, known, number, string } from "./import-site.ts";
import { ModelError } from "./wire.ts";

/** Keys' cubic kernel with a = −¾ at distances t ≥ 0. */
function cubic(t: Value): Value {
  const near = add(mul(mul(sub(mul(t, 1.25), 2.25), t), t), 1);
  const far = add(mul(sub(mul(add(mul(t, -0.75), 3.75), t), 6), t), 3);
  return where(lessOrEqual(t, 1), near, where(less(t, 2), far, 0));
}

/** Distances to the first element in use, and the weight of an element at a distance, by mode. */
const kernels: Readonly<Record<string, { readonly taps: readonly number[]; readonly weight: (t: Value) => Value }>> = {
  linear: { taps: [0, 1], weight: (t) => relu(sub(1, t)) },
  cubic: { taps: [-1, 0, 1, 2], weight: cubic },
};
const spelled: Readonly<Record<string, string>> = { bilinear: "linear", bicubic: "cubic" };

/** Whole places mirrored into 0 … size − 1: about the outermost elements, or about their outer edges. */
function mirrored(at: Value, size: number, corners: boolean): Value {
  const low = corners ? 0 : -0.5;
  const span = corners ? size - 1 : size;
  if (span === 0) return mul(at, 0);
  const from = sub(at, low);
  const within = sub(from, mul(floor(mul(from, 1 / (2 * span))), 2 * span));
  return sub(low + span, abs(sub(within, span)));
}

interface Tap {
  /** Place along the axis, [N, P], whole and inside. */
  readonly at: Value;
  /** [N, P]; null: 1. */
  readonly weight: Value | null;
}

export const gridRules: Readonly<Record<string, ImportRule>> = {
  /** X [N, C, …] at the places grid [N, …, axes], each from −1 to 1 over its axis, the last axis of X first. */
  GridSample(site) {
    const [X, grid] = site.inputs as [Value, Value];
    const [N, C, ...space] = X.shape as [number, number, ...number[]];
    const named = string(site, "mode", "linear");
    const mode = spelled[named] ?? named;
    const padding = string(site, "padding_mode", "zeros");
    const corners = number(site, "align_corners", 0) === 1;
    if (mode !== "nearest" && !kernels[mode]) throw new ModelError(`its mode "${mode}" is not supported`);
    const out = grid.shape.slice(1, -1);
    const P = sizeOf(out);

    const tapsOf = (axis: number): Tap[] => {
      const size = space[axis]!;
      const place = space.length - 1 - axis;
      const g = reshape(slice(grid, [{ axis: -1, start: place, end: place + 1 }]), [N, P]);
      const x = corners ? mul(add(g, 1), (size - 1) / 2) : mul(sub(mul(add(g, 1), size), 1), 0.5);
      const taps =
        mode === "nearest"
          ? [{ at: round(x), weight: null }]
          : kernels[mode]!.taps.map((offset) => {
              const at = add(floor(x), offset);
              return { at, weight: kernels[mode]!.weight(abs(sub(x, at))) };
            });
      return taps.map(({ at, weight }) => {
        const limits = { min: 0, max: size - 1 };
        const inside = cast(and(greaterOrEqual(at, 0), lessOrEqual(at, size - 1)), X.dtype);
        if (padding === "border") return { at: clip(at, limits), weight };
        if (padding === "reflection") return { at: clip(mirrored(at, size, corners), limits), weight };
        return { at: clip(at, limits), weight: weight ? mul(weight, inside) : inside };
      });
    };

    const flat = reshape(X, [N, C, sizeOf(space)]);
    let all: Tap[] = [{ at: mul(tapsOf(0)[0]!.at, 0), weight: null }];
    for (const [axis, size] of space.entries()) {
      const own = tapsOf(axis);
      all = all.flatMap((outer) =>
        own.map((tap) => ({
          at: add(mul(outer.at, size), tap.at),
          weight: outer.weight && tap.weight ? mul(outer.weight, tap.weight) : (outer.weight ?? tap.weight),
        })),
      );
    }
    const values = all.map(({ at, weight }) => {
      const places = expand(reshape(cast(at, "int64"), [N, 1, P]), [N, C, P]);
      const picked = gatherElements(flat, places, { axis: 2 });
      return weight ? mul(picked, reshape(weight, [N, 1, P])) : picked;
    });
    return reshape(
      values.reduce((a, b) => add(a, b)),
      [N, C, ...out],
    );
  },
  /** Places of an affine map theta [N, axes, axes + 1] of a grid of the given size. */
  AffineGrid(site) {
    const theta = site.inputs[0]!;
    const [N, , ...space] = known(site.inputs[1], "size") as [number, number, ...number[]];
    const corners = number(site, "align_corners", 0) === 1;
    const steps = space.map((size) =>
      Array.from({ length: size }, (_, i) =>
        corners ? (size === 1 ? 0 : (2 * i) / (size - 1) - 1) : (2 * i + 1) / size - 1,
      ),
    );
    // One row per place: its coordinates, the last axis first, and 1.
    const places = steps.reduce<number[][]>((rows, own) => rows.flatMap((row) => own.map((x) => [x, ...row])), [[]]);
    const rows = places.flatMap((row) => [...row, 1]);
    const base = constant(theta, tensor(theta.dtype, [1, places.length, space.length + 1], rows));
    return reshape(matMul(base, transposeLast(theta)), [N, ...space, space.length]);
  },
};
