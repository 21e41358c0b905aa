// A classifier of an ONNX file as layers of numbers in memory: quantised by us, in the integers that the file already holds,
// or floats as they are.
import { importOnnx, ModelError, type OnnxModel, onnxInterface, type Tensor } from "@reprise/engine";
import { modelInput, scoresOutput } from "@reprise/nn";
import type { Bits } from "./bits.ts";
import { type FloatFormat, formatOfBits, patternOf } from "./floats.ts";
import type { NetworkGraph } from "./graph-victim.ts";
import type { MemoryLayer } from "./memory.ts";
import { type FoundArray, findArrays, type LeftOut, type TargetKind } from "./onnx-arrays.ts";
import { bitsKey, float16Names } from "./onnx-file.ts";
import { logitsOf } from "./onnx-logits.ts";
import { quantize } from "./quantize.ts";

export interface OnnxNetworkOptions {
  /** What messages call the model, e.g. its file name. */
  readonly name?: string;
  /**
   * N_q of weights that are floats in the file, 1 to 8; 32 or 16 leaves them floats, as they are or of half the size. A file
   * that is quantised has its own.
   */
  readonly bits?: Bits;
  /** A step for each output channel in place of one for each layer. */
  readonly perChannel?: boolean;
  /** Which output holds the scores, where the model has several. */
  readonly output?: string;
  /** One image as the model takes it, without the batch axis, where the model leaves it open. */
  readonly inputShape?: readonly number[];
  /** What is attacked; weights alone where left out. */
  readonly targets?: readonly TargetKind[];
}

/** A classifier of a file as layers in memory. */
export interface OnnxNetwork extends NetworkGraph {
  readonly layers: readonly MemoryLayer[];
  /** One image as the model takes it. */
  readonly inputShape: readonly number[];
  /** Batch size, where the graph has one. */
  readonly fixedBatch: number | undefined;
  /** True where the file holds integers, which are attacked as they are. */
  readonly quantized: boolean;
  /** True where the file holds the layers' numbers as they are: then its bytes can be flipped. */
  readonly stored: boolean;
  readonly leftOut: readonly LeftOut[];
  /** Each layer's array in the file. */
  readonly initializers: readonly string[];
  /** Along which each layer's array holds the output channels. */
  readonly outputAxes: readonly number[];
}

/**
 * @throws ModelError for bytes that are no ONNX classifier, a float model without `bits`, a model without weights that can
 *         be attacked, or weights that are NaN or infinite
 */
export function onnxNetwork(bytes: Uint8Array, options: OnnxNetworkOptions = {}): OnnxNetwork {
  const { name = "model", targets = ["weights"] } = options;
  const file = onnxInterface(bytes, { name });
  const model = importOnnx(bytes, { name });
  const [unknown] = model.unknown;
  if (unknown)
    throw new ModelError(
      `${name}: operator "${unknown.op}" (node "${unknown.node}") has no gradient here; bits cannot be ranked.`,
    );
  const { input, inputShape, fixedBatch, nhwc } = modelInput(file, name, options);
  const { output } = scoresOutput(file, name, options.output);
  const shape = nhwc ? [...inputShape.slice(1), inputShape[0]!] : inputShape;
  const { found, leftOut } = findArrays(model, bytes, { input, shape: [fixedBatch ?? 1, ...shape], targets });
  const quantized = found.some(({ dequantized, cast }) => dequantized !== undefined || cast);
  const halves = float16Names(bytes);
  const layers: MemoryLayer[] = [];
  const taken: FoundArray[] = [];
  for (const array of found) {
    const stored = model.initializers.get(array.initializer)!;
    checkFinite(stored, array.initializer, name);
    if (quantized && array.kind === "weights" && !array.dequantized) {
      leftOut.push({ node: array.node, reason: `"${array.initializer}" is float32 in a quantised file` });
      continue;
    }
    taken.push(array);
    const numbers = array.dequantized
      ? { ...ownIntegers(stored, array.dequantized), bits: ownBits(model, stored, options) }
      : array.cast
        ? { ...plain(stored), bits: 32, signed: true }
        : floats(stored, array, halves.has(array.initializer), options);
    layers.push({ ...numbers, name: layerName(array), shape: stored.shape });
  }
  if (layers.length === 0)
    throw new ModelError(
      `${name}: it has no ${targets.join(" or ")} whose bits can be flipped. ${leftOut.map(({ node, reason }) => `${node}: ${reason}`).join("; ")}`,
    );
  return {
    layers,
    initializers: taken.map(({ initializer }) => initializer),
    outputAxes: taken.map(({ axis }) => axis),
    inputShape: shape,
    fixedBatch,
    quantized,
    stored: taken.every((array, i) => isStored(array, layers[i]!, halves)),
    leftOut,
    logits: (images, arrays) => logitsOf(model, { name, input, output, images, arrays, found: taken }),
  };
}

type Numbers = Omit<MemoryLayer, "name" | "shape">;

function ownIntegers(
  { dtype, shape, data }: Tensor,
  { scale, scaleApart, zeroPoint, axis }: NonNullable<FoundArray["dequantized"]>,
): Omit<Numbers, "bits"> {
  const numbers = scale.data.length;
  return {
    signed: dtype !== "uint8",
    values: data as Int8Array | Uint8Array | Int32Array,
    step: scaleApart ? Float32Array.of(1) : Float32Array.from(scale.data as Float32Array),
    axis: numbers === 1 ? 0 : axis < 0 ? axis + shape.length : axis,
    ...(zeroPoint ? { zeroPoint: Array.from(zeroPoint.data, Number) } : {}),
  };
}

const plain = ({ data }: Tensor) => ({ values: data as Int32Array, step: Float32Array.of(1) });

/** Quantised, or floats by their bits. Biases and scales are floats in every file that has them so. */
function floats(
  { data, shape }: Tensor,
  { kind, axis }: FoundArray,
  half: boolean,
  options: OnnxNetworkOptions,
): Numbers {
  const { name = "model", bits, perChannel } = options;
  if (kind === "weights" && bits === undefined)
    throw new ModelError(
      `${name}: its weights are float32; say how many bits they are quantised to, 1 to 8 (bits: 8), or 32 or 16 to leave them floats.`,
    );
  const format = kind === "weights" ? formatOfBits[bits!] : half ? "float16" : "float32";
  if (!format)
    return {
      ...quantize(data as Float32Array, shape, perChannel ? { bits: bits!, axis } : { bits: bits! }),
      signed: true,
    };
  if (half && format === "float32")
    throw new ModelError(`${name}: its weights are float16, which have 16 bits; 32 is for float32.`);
  return { ...patterns(data as Float32Array, format), format, signed: false, step: Float32Array.of(1) };
}

function patterns(data: Float32Array, format: FloatFormat): Pick<Numbers, "bits" | "values"> {
  if (format === "float16") return { bits: 16, values: Uint16Array.from(data, (value) => patternOf(value, format)) };
  const { buffer } = data.slice();
  return { bits: 32, values: new Uint32Array(buffer) };
}

function isStored(
  { dequantized, cast, initializer }: FoundArray,
  { format }: MemoryLayer,
  halves: ReadonlySet<string>,
) {
  return dequantized !== undefined || cast === true || format === (halves.has(initializer) ? "float16" : "float32");
}

/** How many bits of its bytes an integer uses: fewer than 8 where our quantiser wrote it so, 32 of a bias. */
function ownBits(
  { metadata }: OnnxModel,
  { dtype }: Tensor,
  { name = "model", bits: wanted }: OnnxNetworkOptions,
): Bits {
  if (dtype === "int32") return 32;
  const bits = Number(metadata.get(bitsKey) ?? 8);
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 8))
    throw new ModelError(`${name}: its metadata says ${bitsKey} = ${metadata.get(bitsKey)}; expected 1 to 8.`);
  if (wanted !== undefined && wanted !== bits)
    throw new ModelError(
      `${name}: it is quantised to ${bits} bits already, and its integers are attacked as they are; ${wanted} bits would need the float model.`,
    );
  return bits;
}

/** "layer1.0.conv2.weight" → "layer1.0.conv2"; "fc.weight_quantized" → "fc". Biases and scales keep their names. */
function layerName({ kind, initializer }: FoundArray): string {
  if (kind !== "weights") return initializer;
  return initializer.replace(/_(quantized|float16)$/, "").replace(/\.weight$/, "");
}

function checkFinite({ data }: Tensor, initializer: string, name: string): void {
  if (!(data instanceof Float32Array)) return;
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ModelError(`${name}: weight "${initializer}" is ${data[bad]} at ${bad}; expected finite numbers.`);
}
