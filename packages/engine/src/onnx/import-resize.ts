// Operators of ONNX files that give space another size: resampling, padding, cropping.
import type { Attrs, Value } from "../ir/graph.ts";
import { concat, pad, slice } from "../ops/build.ts";
import { scaledSize } from "../ops/interpolate.ts";
import { resizeByMatrices } from "../ops/resize.ts";
import { axesOf, bounded, type ImportRule, type ImportSite, known, number, string } from "./import-site.ts";
import { ModelError } from "./wire.ts";

/** One number per axis of x, from one for each of the axes that are named. */
function perAxis(
  given: readonly number[] | undefined,
  axes: readonly number[],
  otherwise: readonly number[],
): number[] {
  const all = [...otherwise];
  for (const [i, axis] of axes.entries()) all[axis] = given![i]!;
  return all;
}

const given = (site: ImportSite, at: number, what: string): number[] | undefined => {
  const value = site.inputs[at];
  return value && value.shape[0] !== 0 ? known(value, what) : undefined;
};

/** The sizes that keep the aspect ratio, and the one scale, where the policy asks for that. */
function keepAspect(x: Value, axes: readonly number[], sizes: readonly number[], policy: string) {
  const ratios = axes.map((axis, i) => sizes[i]! / x.shape[axis]!);
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  // Half up, as ONNX's reference: ⌊x + ½⌋.
  return { scales: axes.map(() => scale), sizes: axes.map((axis) => Math.floor(scale * x.shape[axis]! + 0.5)) };
}

/** x with elements from the other end around it: as if it were repeated without end. */
function wrapped(x: Value, before: readonly number[], after: readonly number[]): Value {
  return before.reduce((y, first, axis) => {
    const size = y.shape[axis]!;
    const last = after[axis]!;
    if (first + last === 0) return y;
    if (size === 0) throw new ModelError(`it repeats axis ${axis}, which has no elements`);
    const copies = bounded(Math.ceil(first / size) + 1 + Math.ceil(last / size), "pads");
    const start = Math.ceil(first / size) * size - first;
    return slice(concat(Array<Value>(copies).fill(y), axis), [{ axis, start, end: start + first + size + last }]);
  }, x);
}

const resized = (x: Value, attrs: Attrs & { readonly scales: readonly number[] }): Value =>
  attrs.scales.every((scale) => scale === 1) ? x : x.graph.add("Resize", [x], attrs)[0]!;

export const resizeRules: Readonly<Record<string, ImportRule>> = {
  Resize(site) {
    const x = site.inputs[0]!;
    const before11 = site.opset < 11;
    const axes = axesOf({ ...site, inputs: [] }, x.shape.length) ?? x.shape.map((_, i) => i);
    let scales = before11 ? known(site.inputs[1], "scales") : given(site, 2, "scales");
    let sizes = given(site, 3, "sizes");
    const policy = string(site, "keep_aspect_ratio_policy", "stretch");
    if (sizes && policy !== "stretch") ({ scales, sizes } = keepAspect(x, axes, sizes, policy));
    const ones = x.shape.map(() => 1);
    const coordinates = string(site, "coordinate_transformation_mode", before11 ? "asymmetric" : "half_pixel");
    const attrs = {
      mode: string(site, "mode", "nearest"),
      coordinate_transformation_mode: coordinates,
      nearest_mode: string(site, "nearest_mode", before11 ? "floor" : "round_prefer_floor"),
      cubic_coeff_a: number(site, "cubic_coeff_a", -0.75),
      ...(number(site, "exclude_outside", 0) && { exclude_outside: 1 }),
      ...(number(site, "antialias", 0) && { antialias: 1 }),
      ...(scales && { scales: perAxis(scales, axes, ones) }),
      ...(sizes && { sizes: perAxis(sizes, axes, x.shape) }),
    };
    // ONNX's operator of opset 17, which we write, has neither of these two, nor both sizes and scales.
    const to = attrs.sizes ?? x.shape.map((dim, i) => scaledSize(dim, attrs.scales![i]!));
    // Where the size hangs on float32, ONNX's shape inference and ONNX Runtime's kernel disagree about it.
    const disputed = attrs.scales && to.some((size, i) => size !== Math.floor(x.shape[i]! * attrs.scales![i]!));
    if (coordinates === "half_pixel_symmetric" || attrs.antialias || (scales && sizes) || disputed) {
      return resizeByMatrices(x, to, attrs);
    }
    if (!before11 || attrs.mode !== "nearest") return site.graph.add("Resize", [x], attrs, site.name);
    // Before opset 11 ONNX Runtime takes the element above on axes that shrink, the one below on the others.
    const within = (limit: (scale: number) => number) => attrs.scales!.map(limit);
    const shrunk = resized(x, { ...attrs, nearest_mode: "ceil", scales: within((scale) => Math.min(scale, 1)) });
    return resized(shrunk, { ...attrs, scales: within((scale) => Math.max(scale, 1)) });
  },
  Upsample(site) {
    const scales =
      (site.node.attributes.get("scales") as readonly number[] | undefined) ?? known(site.inputs[1], "scales");
    const attrs: Attrs = {
      mode: string(site, "mode", "nearest"),
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
      cubic_coeff_a: -0.75,
      scales,
    };
    return site.graph.add("Resize", [site.inputs[0]!], attrs, site.name);
  },
  Pad(site) {
    const x = site.inputs[0]!;
    const rank = x.shape.length;
    const pads = (site.node.attributes.get("pads") as readonly number[] | undefined) ?? known(site.inputs[1], "pads");
    const axes = site.inputs[3] ? axesOf(site, rank, 3)! : x.shape.map((_, i) => i);
    const zeros = x.shape.map(() => 0);
    const before = perAxis(pads.slice(0, axes.length), axes, zeros);
    const after = perAxis(pads.slice(axes.length), axes, zeros);
    // Negative pads cut off.
    const cut = slice(
      x,
      x.shape.map((dim, axis) => ({ axis, start: Math.max(0, -before[axis]!), end: dim + Math.min(0, after[axis]!) })),
    );
    const [first, last] = [before, after].map((all) => all.map((n) => Math.max(0, n))) as [number[], number[]];
    const mode = string(site, "mode", "constant");
    if (mode === "wrap") return wrapped(cut, first, last);
    const value = site.inputs[2] ? known(site.inputs[2], "value")[0]! : number(site, "value", 0);
    if (mode === "constant") return pad(cut, first, last, value);
    return site.graph.add("Pad", [cut], { pads: [...first, ...last], value: 0, mode }, site.name);
  },
  CenterCropPad(site) {
    const x = site.inputs[0]!;
    const sizes = known(site.inputs[1], "shape");
    const axes = axesOf({ ...site, inputs: [] }, x.shape.length) ?? x.shape.map((_, i) => i);
    if (sizes.length !== axes.length)
      throw new ModelError(`its shape has ${sizes.length} sizes for ${axes.length} axes`);
    const target = perAxis(sizes, axes, x.shape);
    const cut = slice(
      x,
      x.shape.map((dim, axis) => {
        const start = Math.max(0, Math.floor((dim - target[axis]!) / 2));
        return { axis, start, end: start + Math.min(dim, target[axis]!) };
      }),
    );
    const missing = target.map((dim, i) => dim - cut.shape[i]!);
    const first = missing.map((n) => Math.floor(n / 2));
    return pad(
      cut,
      first,
      missing.map((n, i) => n - first[i]!),
    );
  },
};
