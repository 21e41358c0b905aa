// A TensorFlow Lite network of convolutions as an ONNX model, channels first.
import { add, clip, conv, exportOnnx, ModelError, relu, type Tensor, tensor, trace, type Value } from "@reprise/engine";
import { readTflite, type TfliteModel, type TfliteOperator } from "./read.ts";

export interface OnnxFromTfliteOptions {
  /** What error messages call the model, e.g. its file name. */
  readonly name?: string;
  /** The tensor that the ONNX model ends with: one of the names that TensorFlow Lite joins by semicolons. */
  readonly output: string;
  /** Sides of an image. Multiples of 32 give padding that is right for all multiples of 32. */
  readonly size: number;
}

/**
 * The network as far as a tensor: images [N, C, size, size] as the model takes them → that tensor, channels first. The
 * input is called "images", the output as asked for.
 *
 * @throws ModelError naming an operator that cannot be converted, or, for an unknown output, the last tensors
 */
export function onnxFromTflite(bytes: Uint8Array, { name = "model", output, size }: OnnxFromTfliteOptions): Uint8Array {
  const model = readTflite(bytes, { name });
  const target = model.tensors.findIndex((own) => own.name.split(";").includes(output));
  if (target < 0) {
    const some = model.tensors.filter(({ data }) => !data).slice(-4);
    const names = some.map((own) => `"${own.name.split(";")[0]}"`).join(", ");
    throw new ModelError(`${name}: it has no tensor "${output}"; its last ones are ${names}.`);
  }
  const [input] = model.inputs;
  const channels = model.tensors[input!]!.shape[3]!;
  const graph = trace(({ images }: { readonly images: Value }) => ({ [output]: follow(model, images, target, name) }), {
    images: { dtype: "float32", shape: [1, channels, size, size] },
  });
  return exportOnnx(graph, { name, dynamic: { images: ["N"] } });
}

function follow({ tensors, operators, inputs }: TfliteModel, images: Value, target: number, name: string): Value {
  const values = new Map<number, Value>([[inputs[0]!, images]]);
  /** Float16 weights are turned into float32 by operators of their own. */
  const numbers = new Map<number, Float32Array>();
  const constantAt = (at: number): Float32Array => {
    const data = numbers.get(at) ?? tensors[at]?.data;
    if (!data)
      throw new ModelError(
        `${name}: the weight "${tensors[at]?.name}" is not float32 or float16; export the model without quantisation.`,
      );
    return data;
  };
  for (const operator of neededFor(target, operators)) {
    const [out] = operator.outputs;
    const [first, second, third] = operator.inputs as [number, number, number];
    if (operator.op === "DEQUANTIZE") {
      numbers.set(out!, constantAt(first));
      continue;
    }
    const x = values.get(first);
    if (operator.op === "ADD" && x && values.has(second))
      values.set(out!, activated(add(x, values.get(second)!), operator.option(0, 1), name));
    else if (operator.op === "CONV_2D" || operator.op === "DEPTHWISE_CONV_2D") {
      const weight = { shape: tensors[second]!.shape, data: constantAt(second) };
      values.set(out!, convolution(operator, x!, weight, constantAt(third), name));
    } else
      throw new ModelError(
        `${name}: operator ${operator.op} stands before the wanted tensor; convolutions, sums and activations are read.`,
      );
  }
  const made = values.get(target);
  if (!made || target === inputs[0])
    throw new ModelError(`${name}: no operator makes "${tensors[target]!.name.split(";")[0]}".`);
  return made;
}

/** The operators that a tensor depends on, in their order: a file may have others in between. */
function neededFor(target: number, operators: readonly TfliteOperator[]): TfliteOperator[] {
  const wanted = new Set([target]);
  return operators
    .toReversed()
    .filter(({ inputs, outputs }) => {
      const isNeeded = outputs.some((out) => wanted.has(out));
      if (isNeeded) for (const input of inputs) wanted.add(input);
      return isNeeded;
    })
    .toReversed();
}

/** W is [K, h, w, C], of a depthwise convolution [1, h, w, C·multiplier]. */
function convolution(
  { op, option }: TfliteOperator,
  x: Value,
  weight: { readonly shape: readonly number[]; readonly data: Float32Array },
  bias: Float32Array,
  name: string,
): Value {
  const depthwise = op === "DEPTHWISE_CONV_2D";
  const strides = [option(2, 4) || 1, option(1, 4) || 1] as const;
  const dilations = depthwise ? [option(6, 4), option(5, 4)] : [option(5, 4), option(4, 4)];
  const [K, h, w, C] = weight.shape as [number, number, number, number];
  const spans = [1 + (h - 1) * (dilations[0] || 1), 1 + (w - 1) * (dilations[1] || 1)] as const;
  const same = option(0, 1) === 0;
  const pads = [0, 1].map((axis) =>
    same ? samePads(x.shape[2 + axis]!, spans[axis]!, strides[axis]!) : ([0, 0] as const),
  );
  const W = depthwise
    ? laidOut(weight.data, [C, 1, h, w], ([c, , i, j]) => (i * w + j) * C + c)
    : laidOut(weight.data, [K, C, h, w], ([k, c, i, j]) => ((k * h + i) * w + j) * C + c);
  const y = conv(x, x.graph.constant(W), x.graph.constant(tensor("float32", [bias.length], bias)), {
    strides,
    pads: [pads[0]![0], pads[1]![0], pads[0]![1], pads[1]![1]],
    dilations: dilations.map((d) => d || 1),
    group: depthwise ? x.shape[1]! : 1,
  });
  return activated(y, depthwise ? option(4, 1) : option(3, 1), name);
}

/** TensorFlow's "SAME": as many outputs as strides fit, the odd pixel at the end. */
function samePads(size: number, span: number, stride: number): readonly [number, number] {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + span - size);
  return [total >> 1, total - (total >> 1)];
}

type Place = readonly [number, number, number, number];

function laidOut(data: Float32Array, shape: Place, from: (place: Place) => number): Tensor {
  const out = new Float32Array(data.length);
  let at = 0;
  for (let a = 0; a < shape[0]; a++)
    for (let b = 0; b < shape[1]; b++)
      for (let i = 0; i < shape[2]; i++) for (let j = 0; j < shape[3]; j++) out[at++] = data[from([a, b, i, j])]!;
  return tensor("float32", shape, out);
}

/** ActivationFunctionType in the schema. */
function activated(y: Value, activation: number, name: string): Value {
  if (activation === 0) return y;
  if (activation === 1) return relu(y);
  if (activation === 3) return clip(y, { min: 0, max: 6 });
  throw new ModelError(`${name}: activation number ${activation} is not read; ReLU and ReLU6 are.`);
}
