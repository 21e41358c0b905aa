// Operators of ONNX files that become several of ours.
import type { Value } from "../ir/graph.ts";
import { axisOf, ShapeError, tensor } from "../ir/type.ts";
import {
  add,
  cast,
  concat,
  div,
  expand,
  greater,
  layerNormalization,
  less,
  logSoftmax,
  mul,
  reduceMean,
  reshape,
  sigmoid,
  sqrt,
  sub,
  transpose,
  where,
} from "../ops/build.ts";
import { gelu, groupNorm, instanceNorm, mish, roiAlign } from "../ops/composite.ts";
import { negativeLogLikelihood, type Reduction } from "../ops/loss.ts";
import { bounded, type ImportRule, known, number, string } from "./import-site.ts";
import { dtypeOf } from "./schema.ts";
import { ModelError } from "./wire.ts";

/** Between blocks of channels and blocks of space: the six axes of [N, C, H, W] with both taken apart. */
const spaceAndDepth =
  (toSpace: boolean): ImportRule =>
  (site) => {
    const x = site.inputs[0]!;
    const b = number(site, "blocksize", 1);
    const [N, C, H, W] = x.shape as [number, number, number, number];
    const whole = x.shape.length === 4 && (toSpace ? C % (b * b) === 0 : H % b === 0 && W % b === 0);
    if (!whole) throw new ShapeError(`blocks of ${b} × ${b} do not fit [${x.shape.join(", ")}]`);
    if (!toSpace) {
      const apart = reshape(x, [N, C, H / b, b, W / b, b]);
      return reshape(transpose(apart, [0, 3, 5, 1, 2, 4]), [N, C * b * b, H / b, W / b]);
    }
    const c = C / (b * b);
    const together = [N, c, H * b, W * b];
    return string(site, "mode", "DCR") === "DCR"
      ? reshape(transpose(reshape(x, [N, b, b, c, H, W]), [0, 3, 4, 1, 5, 2]), together)
      : reshape(transpose(reshape(x, [N, c, b, b, H, W]), [0, 1, 4, 2, 5, 3]), together);
  };

const classLoss =
  (logits: boolean): ImportRule =>
  (site) => {
    const [x, labels, weights] = site.inputs as [Value, Value, Value | null | undefined];
    const ignoreIndex = site.node.attributes.get("ignore_index") as number | undefined;
    const options = {
      reduction: string(site, "reduction", "mean") as Reduction,
      ...(weights && { weights }),
      ...(ignoreIndex !== undefined && { ignoreIndex }),
    };
    if (!logits) return negativeLogLikelihood(x, labels, options);
    const logProbabilities = logSoftmax(x, { axis: 1 });
    return [negativeLogLikelihood(logProbabilities, labels, options), logProbabilities];
  };

export const compositeRules: Readonly<Record<string, ImportRule>> = {
  SoftmaxCrossEntropyLoss: classLoss(true),
  NegativeLogLikelihoodLoss: classLoss(false),
  CastLike: ({ inputs: [x, like] }) => cast(x!, like!.dtype),
  Gelu: (site) => gelu(site.inputs[0]!, { approximate: string(site, "approximate", "none") as "none" | "tanh" }),
  /** x·σ(αx), of opset 24. */
  Swish(site) {
    const x = site.inputs[0]!;
    return mul(x, sigmoid(mul(x, number(site, "alpha", 1))));
  },
  Mish: ({ inputs: [x] }) => mish(x!),
  Shrink(site) {
    const x = site.inputs[0]!;
    const lambda = number(site, "lambd", 0.5);
    const bias = number(site, "bias", 0);
    return where(less(x, -lambda), add(x, bias), where(greater(x, lambda), sub(x, bias), mul(x, 0)));
  },
  InstanceNormalization(site) {
    const [x, scale, bias] = site.inputs as [Value, Value, Value];
    return instanceNorm(x, { scale, bias }, { epsilon: number(site, "epsilon", 1e-5) });
  },
  GroupNormalization(site) {
    const [x, scale, bias] = site.inputs as [Value, Value, Value];
    const groups = number(site, "num_groups", 1);
    // Before opset 21 scale and bias were one number per group.
    const each = (v: Value) => {
      const repeats = x.shape[1]! / v.shape[0]!;
      const column = reshape(v, [v.shape[0]!, 1]);
      return repeats === 1 ? v : reshape(concat(Array<Value>(repeats).fill(column), 1), [x.shape[1]!]);
    };
    return groupNorm(x, { scale: each(scale), bias: each(bias) }, { groups, epsilon: number(site, "epsilon", 1e-5) });
  },
  RMSNormalization(site) {
    const [x, scale] = site.inputs as [Value, Value];
    const first = axisOf(number(site, "axis", -1), x.shape.length);
    const axes = x.shape.map((_, i) => i).slice(first);
    const square = reduceMean(mul(x, x), { axes, keepDims: true });
    return mul(div(x, sqrt(add(square, number(site, "epsilon", 1e-5)))), scale);
  },
  EyeLike(site) {
    const [rows, columns] = site.inputs[0]!.shape as [number, number];
    const code = site.node.attributes.get("dtype") as number | undefined;
    const dtype = code === undefined ? site.inputs[0]!.dtype : dtypeOf(code);
    if (!dtype) throw new ModelError(`its dtype ${code} is not supported`);
    const k = number(site, "k", 0);
    const ones = Array.from({ length: rows * columns }, (_, i) =>
      Number((i % columns) - Math.floor(i / columns) === k),
    );
    return site.graph.constant(tensor(dtype, [rows, columns], ones));
  },
  MeanVarianceNormalization(site) {
    const x = site.inputs[0]!;
    const axes = (site.node.attributes.get("axes") as readonly number[] | undefined) ?? [0, 2, 3];
    // The axes to normalise over go last, as one.
    const over = axes.map((axis) => axisOf(axis, x.shape.length));
    const order = [...x.shape.keys()].filter((i) => !over.includes(i)).concat(over);
    const moved = transpose(x, order);
    const size = over.reduce((n, axis) => n * x.shape[axis]!, 1);
    const one = x.graph.constant(tensor(x.dtype, [size], Array(size).fill(1)));
    const normal = layerNormalization(reshape(moved, [-1, size]), { scale: one }, { epsilon: 1e-9 });
    return transpose(
      reshape(normal, moved.shape),
      order.map((_, i) => order.indexOf(i)),
    );
  },
  OneHot(site) {
    const [labels, , values] = site.inputs as [Value, Value, Value];
    const depth = bounded(known(site.inputs[1], "depth")[0]!, "depth");
    const axis = axisOf(number(site, "axis", -1), labels.shape.length + 1);
    const whole = cast(labels, "int64");
    const wrapped = where(less(whole, 0), add(whole, depth), whole);
    const shape = [...labels.shape.slice(0, axis), 1, ...labels.shape.slice(axis)];
    const range = labels.graph.constant(
      tensor(
        "int64",
        [depth, ...labels.shape.slice(axis).map(() => 1)],
        Array.from({ length: depth }, (_, i) => i),
      ),
    );
    const hit = reshape(wrapped, shape).graph.add("Equal", [reshape(wrapped, shape), range])[0]!;
    const at = (i: number) =>
      reshape(values.graph.add("Slice", [values], { starts: [i], ends: [i + 1], axes: [0], steps: [1] })[0]!, []);
    return where(hit, at(1), at(0));
  },
  Tile(site) {
    const x = site.inputs[0]!;
    const repeats = known(site.inputs[1], "repeats");
    if (repeats.length !== x.shape.length)
      throw new ShapeError(`its repeats [${repeats.join(", ")}] are not one for each axis of [${x.shape.join(", ")}]`);
    // Each axis behind one that repeats it.
    const apart = x.shape.flatMap((dim) => [1, dim]);
    const repeated = expand(
      reshape(x, apart),
      x.shape.flatMap((dim, i) => [repeats[i]!, dim]),
    );
    return reshape(
      repeated,
      x.shape.map((dim, i) => dim * repeats[i]!),
    );
  },
  DepthToSpace: spaceAndDepth(true),
  SpaceToDepth: spaceAndDepth(false),
  RoiAlign(site) {
    const [x, boxes, batch] = site.inputs as [Value, Value, Value];
    // Before opset 16 there was no attribute for the pixel convention, and it was this one.
    const before = site.opset < 16 ? "output_half_pixel" : "half_pixel";
    const transformation = string(site, "coordinate_transformation_mode", before);
    const options = {
      outputSize: [number(site, "output_height", 1), number(site, "output_width", 1)] as const,
      samplingRatio: number(site, "sampling_ratio", 0),
      spatialScale: number(site, "spatial_scale", 1),
      aligned: transformation === "half_pixel",
      mode: string(site, "mode", "avg") as "avg" | "max",
    };
    return roiAlign(x, boxes, batch, options);
  },
};
