// How operators of ONNX files, opsets up to 23, become ours: missing attributes get ONNX's defaults, attributes that were
// or became inputs are read from both places, and operators that only rearrange are rewritten.
import type { Attrs, Value } from "../ir/graph.ts";
import { allocate, axisOf, isFloat, ShapeError, sizeOf, type Tensor, tensor } from "../ir/type.ts";
import {
  add,
  batchNormalizationTraining,
  boundedRelu,
  cast,
  div,
  expand,
  full,
  logSoftmax,
  max,
  min,
  mul,
  reshape,
  softmax,
  sqrt,
  stopGradient,
  sub,
} from "../ops/build.ts";
import { broadcastInputs } from "../ops/einsum.ts";
import type { OpDef } from "../ops/op.ts";
import { table as operators } from "../ops/table.ts";
import { FOLD_LIMIT } from "./fold.ts";
import {
  axesOf,
  bounded,
  constant,
  type ImportRule,
  type ImportSite,
  ints,
  known,
  number,
  shapeConstant,
} from "./import-site.ts";
import { type AttributeValue, dtypeOf, type NodeProto } from "./schema.ts";
import { ModelError } from "./wire.ts";

/** Attributes of one of our operators from a node's attributes and constant inputs; `rest` are its real inputs. */
export function attributesOf(
  def: OpDef,
  node: NodeProto,
  inputs: readonly (Value | null)[],
): { attrs: Attrs; rest: (Value | null)[] } {
  const attrs: Record<string, AttributeValue> = {
    ...((typeof def.defaults === "function" ? def.defaults(inputs as readonly Value[]) : def.defaults) as Record<
      string,
      AttributeValue
    >),
  };
  for (const [key, value] of node.attributes) {
    if (typeof value === "object" && ("unsupported" in value || "graph" in value || "reference" in value)) {
      const what = "graph" in value ? "a graph" : "reference" in value ? "a reference" : value.unsupported;
      throw new ModelError(`its attribute "${key}" is ${what}, which is not supported`);
    }
    attrs[key] = key === "to" ? castTarget(value as number) : value;
  }
  const places = Object.entries(def.asInputs ?? {});
  for (const [key, { at, list }] of places) {
    const value = inputs[at];
    if (!value) continue;
    const numbers = known(value, key);
    if (!list && numbers.length !== 1)
      throw new ModelError(`its ${key} has ${numbers.length} numbers; one is expected`);
    attrs[key] = list ? numbers : numbers[0]!;
  }
  const x = inputs[0];
  if (x && Array.isArray(attrs.axes)) attrs.axes = (attrs.axes as number[]).map((axis) => axisOf(axis, x.shape.length));
  if (x && typeof attrs.axis === "number" && node.op !== "Flatten") attrs.axis = axisOf(attrs.axis, x.shape.length);
  const first = Math.min(inputs.length, ...places.map(([, { at }]) => at));
  return { attrs: attrs as Attrs, rest: inputs.slice(0, first) as (Value | null)[] };
}

function castTarget(code: number): string {
  const dtype = dtypeOf(code);
  if (!dtype) throw new ModelError(`it casts to data type ${code}, which is not supported`);
  return dtype;
}

const variadic =
  (f: (a: Value, b: Value) => Value): ImportRule =>
  ({ inputs }) =>
    (inputs as Value[]).reduce((a, b) => f(a, b));

/** Before opset 13 softmax flattened its input to a matrix at the axis. */
const softmaxRule =
  (f: typeof softmax): ImportRule =>
  (site) => {
    const x = site.inputs[0]!;
    const axis = number(site, "axis", site.opset >= 13 ? -1 : 1);
    if (site.opset >= 13 || axisOf(axis, x.shape.length) === x.shape.length - 1) return f(x, { axis });
    const at = axisOf(axis, x.shape.length);
    return reshape(f(reshape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]), { axis: 1 }), x.shape);
  };

export const importRules: Readonly<Record<string, ImportRule>> = {
  Constant(site) {
    for (const [key, value] of site.node.attributes) {
      if (key === "value") return constant(site, value as Tensor);
      if (key === "value_int") return constant(site, tensor("int64", [], [value as number]));
      if (key === "value_float") return constant(site, tensor("float32", [], [value as number]));
      if (key === "value_ints") return shapeConstant(site, value as number[]);
      if (key === "value_floats")
        return constant(site, tensor("float32", [(value as number[]).length], value as number[]));
    }
    throw new ModelError("its constant is of a kind that is not supported");
  },
  Shape(site) {
    const { shape } = site.inputs[0]!;
    return shapeConstant(site, shape.slice(number(site, "start", 0), number(site, "end", shape.length)));
  },
  Size: (site) => constant(site, tensor("int64", [], [sizeOf(site.inputs[0]!.shape)])),
  ConstantOfShape(site) {
    const value = (site.node.attributes.get("value") as Tensor | undefined) ?? tensor("float32", [1], [0]);
    const shape = known(site.inputs[0]!, "shape");
    const one = constant(site, { ...value, shape: [] } as Tensor);
    // A large one stays a repeated number, so that a few bytes of a file take no memory.
    if (sizeOf(shape) > FOLD_LIMIT) return expand(one, shape);
    const data = allocate(value.dtype, sizeOf(shape)).fill(value.data[0] as never);
    return constant(site, { dtype: value.dtype, shape, data } as Tensor);
  },
  Range(site) {
    const [start, limit, delta] = site.inputs.map((x) => known(x!, "range")[0]!) as [number, number, number];
    const length = bounded(Math.max(0, Math.ceil((limit - start) / delta)), "range");
    const { dtype } = site.inputs[0]!;
    const [from, by] = [site.inputs[0]!, site.inputs[2]!].map((x) => x.constant!.data[0]!);
    const exact = typeof from === "bigint" && typeof by === "bigint";
    const values = Array.from({ length }, (_, i) => (exact ? from + BigInt(i) * by : start + i * delta));
    return constant(site, tensor(dtype, [length], values));
  },
  Reshape(site) {
    const x = site.inputs[0]!;
    const shape = ints(site, "shape") ?? known(site.inputs[1]!, "shape");
    const keepZero = number(site, "allowzero", 0) === 1;
    return reshape(
      x,
      resolve(
        x,
        shape.map((dim, i) => {
          if (dim !== 0 || keepZero) return dim;
          if (i >= x.shape.length)
            throw new ShapeError(`its shape takes size ${i} from [${x.shape.join(", ")}], which has no such axis`);
          return x.shape[i]!;
        }),
      ),
    );
  },
  Squeeze(site) {
    const x = site.inputs[0]!;
    const axes = axesOf(site, x.shape.length) ?? x.shape.flatMap((dim, i) => (dim === 1 ? i : []));
    const wide = axes.find((axis) => x.shape[axis] !== 1);
    if (wide !== undefined) throw new ShapeError(`axis ${wide} of [${x.shape.join(", ")}] is not 1, and cannot go`);
    return reshape(
      x,
      x.shape.filter((_, i) => !axes.includes(i)),
    );
  },
  Unsqueeze(site) {
    const x = site.inputs[0]!;
    const given = ints(site, "axes") ?? known(site.inputs[1]!, "axes");
    const rank = x.shape.length + given.length;
    const axes = given.map((axis) => axisOf(axis, rank));
    if (new Set(axes).size < axes.length) throw new ShapeError(`its axes ${given.join(", ")} name one twice`);
    const dims = [...x.shape];
    return reshape(
      x,
      Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : dims.shift()!)),
    );
  },
  Expand: (site) => expand(site.inputs[0]!, known(site.inputs[1]!, "shape")),
  Slice(site) {
    const x = site.inputs[0]!;
    const from = (key: string, at: number) =>
      ints(site, key) ?? (site.inputs[at] ? known(site.inputs[at], key) : undefined);
    const starts = from("starts", 1)!;
    const ends = from("ends", 2)!;
    const axes = (from("axes", 3) ?? starts.map((_, i) => i)).map((axis) => axisOf(axis, x.shape.length));
    const steps = from("steps", 4) ?? starts.map(() => 1);
    // INT_MAX and the like mean "to the end".
    const limit = (value: number, axis: number) => Math.max(-x.shape[axis]! - 1, Math.min(value, x.shape[axis]!));
    return site.graph.add(
      "Slice",
      [x],
      { starts: starts.map((s, i) => limit(s, axes[i]!)), ends: ends.map((e, i) => limit(e, axes[i]!)), axes, steps },
      site.name,
    );
  },
  Split(site) {
    const x = site.inputs[0]!;
    const axis = axisOf(number(site, "axis", 0), x.shape.length);
    const count = site.node.outputs.length;
    const size = Math.ceil(x.shape[axis]! / count);
    const equal = Array.from({ length: count }, (_, i) => Math.min(size, x.shape[axis]! - i * size));
    const split = ints(site, "split") ?? (site.inputs[1] ? known(site.inputs[1], "split") : equal);
    return site.graph.add("Split", [x], { split, axis }, site.name);
  },
  MatMul(site) {
    // A vector stands for a row on the left, for a column on the right, and the result loses that axis.
    const [a, b] = site.inputs as [Value, Value];
    const [row, column] = [a.shape.length === 1, b.shape.length === 1];
    const A = row ? reshape(a, [1, a.shape[0]!]) : a;
    const B = column ? reshape(b, [b.shape[0]!, 1]) : b;
    const Y = site.graph.add("MatMul", [A, B], {}, site.name)[0]!;
    const [rows, columns] = [row ? [] : Y.shape.slice(-2, -1), column ? [] : Y.shape.slice(-1)];
    return reshape(Y, [...Y.shape.slice(0, -2), ...rows, ...columns]);
  },
  Scatter: (site) =>
    site.graph.add("ScatterElements", site.inputs, { axis: number(site, "axis", 0), reduction: "none" }, site.name),
  Dropout(site) {
    const x = site.inputs[0]!;
    const ratio = site.inputs[1] ? known(site.inputs[1], "ratio")[0] : number(site, "ratio", 0.5);
    const training = site.inputs[2] && known(site.inputs[2], "training_mode")[0] === 1;
    if (training && ratio !== 0) {
      throw new ModelError("it is in training mode and draws random numbers; export the model in eval mode");
    }
    return [x, full(x, 1, x.shape, "bool")];
  },
  /** Exporters write PyTorch's ReLU6 as Clip. It has another derivative at its limits than torch.clamp, also a Clip. */
  Clip(site) {
    const { attrs, rest } = attributesOf(operators.Clip!, site.node, site.inputs);
    const { min, max } = attrs as { min?: number; max?: number };
    if (min === 0 && max !== undefined && max > 0 && Number.isFinite(max) && isOfConvolution(rest[0]!))
      return boundedRelu(rest[0]!, { max });
    return site.graph.add("Clip", rest, attrs, site.name);
  },
  Einsum(site) {
    const equation = site.node.attributes.get("equation") as string;
    return site.graph.add("Einsum", broadcastInputs(equation, site.inputs as Value[]), { equation }, site.name);
  },
  Identity: ({ inputs }) => inputs[0]!,
  Sum: variadic(add),
  Max: variadic(max),
  Min: variadic(min),
  Mean: (site) => div(variadic(add)(site) as Value, site.inputs.length),
  Softmax: softmaxRule(softmax),
  LogSoftmax: softmaxRule(logSoftmax),
  Pow(site) {
    // ONNX lets the exponent have a dtype of its own; the result has the base's.
    const [a, b] = site.inputs as [Value, Value];
    const broken = !isFloat(a.dtype) && isFloat(b.dtype);
    const power = site.graph.add("Pow", broken ? [cast(a, b.dtype), b] : [a, cast(b, a.dtype)], {}, site.name)[0]!;
    return cast(power, a.dtype);
  },
  BatchNormalization(site) {
    const [x, scale, bias, mean, variance] = site.inputs as [Value, Value, Value, Value, Value];
    // Before opset 14 it was the statistics among the outputs that said so.
    const statistics = site.node.outputs.slice(1).some((key) => key !== "");
    if (site.opset < 14 ? statistics : number(site, "training_mode", 0) === 1) return batchNormOfBatch(site);
    // With spatial = 0, before opset 9, every element has statistics of its own.
    const column = (v: Value) => (v.shape.length > 1 ? v : reshape(v, [v.shape[0]!, ...x.shape.slice(2).map(() => 1)]));
    // Of constants alone, so ONNX Runtime folds it into the convolution before.
    const a = div(scale, sqrt(add(variance, number(site, "epsilon", 1e-5))));
    return add(mul(x, column(a)), column(sub(bias, mul(mean, a))));
  },
};

/** Whether x is a convolution's result but for its bias, normalisation or a shortcut: what an activation takes. */
const isOfConvolution = ({ node }: Value): boolean =>
  node?.op === "Conv" || ((node?.op === "Add" || node?.op === "Mul") && isOfConvolution(node.inputs[0]!));

/** Batch normalisation in training mode: y, running averages as ONNX moves them, statistics of the batch. */
function batchNormOfBatch(site: ImportSite): Value[] {
  const [x, scale, bias, mean, variance] = site.inputs as [Value, Value, Value, Value, Value];
  const momentum = number(site, "momentum", 0.9);
  const now = batchNormalizationTraining(x, { scale, bias }, { epsilon: number(site, "epsilon", 1e-5) });
  const average = (running: Value, batch: Value): Value =>
    add(mul(running, momentum), mul(stopGradient(batch), 1 - momentum));
  return [now.y, average(mean, now.mean), average(variance, now.variance), now.mean, now.variance];
}

function resolve(x: Value, shape: readonly number[]): number[] {
  const open = shape.indexOf(-1);
  if (open < 0) return [...shape];
  if (open !== shape.lastIndexOf(-1)) throw new ShapeError(`its shape [${shape.join(", ")}] has more than one −1`);
  const rest = shape.reduce((n, dim) => (dim === -1 ? n : n * dim), 1);
  const size = sizeOf(x.shape) / rest;
  if (!Number.isInteger(size)) throw new ShapeError(`[${x.shape.join(", ")}] cannot become [${shape.join(", ")}]`);
  return shape.map((dim) => (dim === -1 ? size : dim));
}
