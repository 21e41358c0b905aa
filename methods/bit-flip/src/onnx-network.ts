// The weights of an ONNX classifier as integers: quantised by us, or in the integers that the file already holds.
import {
  Graph,
  importOnnx,
  ModelError,
  type Node,
  type OnnxModel,
  operators,
  type Tensor,
  type Value,
} from "@reprise/engine";
import { modelInput } from "@reprise/nn";
import type { Bits } from "./bits.ts";
import type { IntegerLayer, NetworkGraph } from "./graph-victim.ts";
import { bitsKey } from "./onnx-file.ts";
import { quantize } from "./quantize.ts";

export interface OnnxNetworkOptions {
  /** What messages call the model, e.g. its file name. */
  readonly name?: string;
  /** N_q of weights that are floats in the file; a file that is quantised has its own. */
  readonly bits?: Bits;
  /** A step for each output channel in place of one for each layer. */
  readonly perChannel?: boolean;
  /** Which output holds the scores, where the model has several. */
  readonly output?: string;
  /** One image as the model takes it, without the batch axis, where the model leaves it open. */
  readonly inputShape?: readonly number[];
}

/** Weights of the model that stay as they are. */
export interface LeftOut {
  readonly node: string;
  readonly reason: string;
}

/** A classifier of a file as layers of integers. */
export interface OnnxNetwork extends NetworkGraph {
  /** One image as the model takes it. */
  readonly inputShape: readonly number[];
  /** Batch size, where the graph has one. */
  readonly fixedBatch: number | undefined;
  /** True where the file holds integers, which are attacked as they are. */
  readonly quantized: boolean;
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
  const { name = "model", bits } = options;
  const model = importOnnx(bytes, { name });
  const [unknown] = model.unknown;
  if (unknown)
    throw new ModelError(
      `${name}: operator "${unknown.op}" (node "${unknown.node}") has no gradient here; bits cannot be ranked.`,
    );
  const { input, inputShape, fixedBatch, nhwc } = modelInput(model, name, options);
  const shape = nhwc ? [...inputShape.slice(1), inputShape[0]!] : inputShape;
  const { found, leftOut } = findWeights(model, input, [fixedBatch ?? 1, ...shape]);
  const quantized = found.some(({ dequantized }) => dequantized !== undefined);
  const layers: IntegerLayer[] = [];
  const initializers: string[] = [];
  const outputAxes: number[] = [];
  for (const weight of found) {
    const { initializer, axis, dequantized } = weight;
    const array = model.initializers.get(initializer)!;
    const label = layerName(initializer);
    checkFinite(array, initializer, name);
    if (dequantized) layers.push({ ...ownIntegers(array, dequantized), bits: storedBits(model, options), name: label });
    else if (quantized) {
      leftOut.push({ node: weight.node, reason: `"${initializer}" is float32 in a quantised file` });
      continue;
    } else {
      if (bits === undefined)
        throw new ModelError(
          `${name}: its weights are float32; say how many bits they are quantised to, 1 to 8 (bits: 8).`,
        );
      const integers = quantize(
        array.data as Float32Array,
        array.shape,
        options.perChannel ? { bits, axis } : { bits },
      );
      layers.push({ ...integers, name: label, shape: array.shape, signed: true });
    }
    initializers.push(initializer);
    outputAxes.push(axis);
  }
  if (layers.length === 0)
    throw new ModelError(
      `${name}: it has no weights whose bits can be flipped. ${leftOut.map(({ node, reason }) => `${node}: ${reason}`).join("; ")}`,
    );
  return {
    layers,
    initializers,
    outputAxes,
    inputShape: shape,
    fixedBatch,
    quantized,
    leftOut,
    logits: (images, weights) =>
      logitsOf(model, { name, input, output: options.output, images, weights, initializers, found }),
  };
}

interface FoundWeight {
  readonly initializer: string;
  readonly node: string;
  /** Output channels in the array. */
  readonly axis: number;
  /** Where the file holds integers: how they are read. */
  readonly dequantized?: { readonly scale: Tensor; readonly zeroPoint: Tensor | undefined; readonly axis: number };
}

/** Arrays of rank 2 and more that convolutions and matrix products take as weights. */
function findWeights(model: OnnxModel, input: string, shape: readonly number[]) {
  const graph = new Graph(operators);
  const places = new Map<Value, string>();
  const holders: Record<string, Value> = {};
  for (const [key, { dtype, shape }] of model.initializers)
    if (shape.length >= 2 && ["float32", "int8", "uint8"].includes(dtype)) {
      holders[key] = graph.input(`weight ${key}`, dtype, shape);
      places.set(holders[key], key);
    }
  const images = graph.input("images of the network", "float32", shape);
  model.apply({ [input]: images }, holders);
  const moving = new Set([images]);
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.some((input) => input && moving.has(input))) for (const output of outputs) moving.add(output);
  const found = new Map<string, FoundWeight>();
  const leftOut: LeftOut[] = [];
  for (const node of graph.nodes) {
    if (!/^(Conv|ConvTranspose|MatMul|Gemm)$/.test(node.op)) continue;
    const label = `${node.op} "${node.name ?? node.outputs[0]!.name ?? ""}"`;
    const sides = node.op === "MatMul" ? [1, 0] : [1];
    const origin = sides
      .map((at) => node.inputs[at]!)
      .filter((value) => !moving.has(value))
      .map((value) => originOf(value, places))
      .find((each) => each !== undefined);
    if (!origin) {
      leftOut.push({ node: label, reason: "its weights are computed, not stored" });
      continue;
    }
    if ("reason" in origin) {
      leftOut.push({ node: label, reason: origin.reason });
      continue;
    }
    const axis =
      node.op === "Gemm" ? (node.attrs.transB ? 0 : 1) : node.op === "MatMul" || node.op === "ConvTranspose" ? 1 : 0;
    found.set(origin.initializer, { ...origin, node: label, axis });
  }
  return { found: [...found.values()], leftOut };
}

type Origin = Pick<FoundWeight, "initializer" | "dequantized"> | { readonly reason: string };

const layouts = /^(Transpose|Reshape|Identity|Flatten|Squeeze|Unsqueeze)$/;
/** What protects weights on their way to a layer. */
const guards = /^(Add|Sub|Min|Max|Clip|ReduceMean)$/;

/** The stored array that a value is, through changes of layout, of integers to floats, and through what guards it. */
function originOf(value: Value, places: ReadonlyMap<Value, string>): Origin | undefined {
  const initializer = places.get(value);
  if (initializer !== undefined)
    return value.dtype === "float32"
      ? { initializer }
      : { reason: `"${initializer}" is ${value.dtype} and never scaled` };
  const node = value.node;
  if (!node) return undefined;
  if (node.op === "DequantizeLinear") {
    const stored = places.get(node.inputs[0]!);
    if (stored === undefined) return undefined;
    const [scale, zeroPoint] = [node.inputs[1]?.constant, node.inputs[2]?.constant];
    if (!scale || (node.inputs[2] && !zeroPoint)) return { reason: `the scale of "${stored}" is computed, not stored` };
    const axis = (node.attrs.axis as number | undefined) ?? 1;
    return { initializer: stored, dequantized: { scale, zeroPoint: zeroPoint ?? undefined, axis } };
  }
  if (layouts.test(node.op)) return originOf(node.inputs[0]!, places);
  if (!guards.test(node.op)) return undefined;
  return node.inputs.flatMap((input) => (input && originOf(input, places)) || []).find((each) => "initializer" in each);
}

function ownIntegers(
  { dtype, shape, data }: Tensor,
  { scale, zeroPoint, axis }: NonNullable<FoundWeight["dequantized"]>,
): Omit<IntegerLayer, "name" | "bits"> {
  return {
    shape,
    signed: dtype === "int8",
    values: data as Int8Array | Uint8Array,
    step: Float32Array.from(scale.data as Float32Array),
    axis: scale.data.length === 1 ? 0 : axis < 0 ? axis + shape.length : axis,
    ...(zeroPoint ? { zeroPoint: Array.from(zeroPoint.data, Number) } : {}),
  };
}

/** How many bits of its bytes a file uses: fewer than 8 where our quantiser wrote it so. */
function storedBits({ metadata }: OnnxModel, { name = "model", bits: wanted }: OnnxNetworkOptions): Bits {
  const bits = Number(metadata.get(bitsKey) ?? 8);
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 8))
    throw new ModelError(`${name}: its metadata says ${bitsKey} = ${metadata.get(bitsKey)}; expected 1 to 8.`);
  if (wanted !== undefined && wanted !== bits)
    throw new ModelError(
      `${name}: it is quantised to ${bits} bits already, and its integers are attacked as they are; ${wanted} bits would need the float model.`,
    );
  return bits;
}

interface LogitsOptions {
  readonly name: string;
  readonly input: string;
  readonly output: string | undefined;
  readonly images: Value;
  readonly weights: readonly Value[];
  readonly initializers: readonly string[];
  readonly found: readonly FoundWeight[];
}

/** The model's scores before a last softmax, with float weights in place of its stored ones. */
function logitsOf(
  model: OnnxModel,
  { name, input, output, images, weights, initializers, found }: LogitsOptions,
): Value {
  const { graph } = images;
  // Integers are held by arrays of their dtype while the file is read, and their scaled values put in afterwards.
  const draft = new Graph(graph.operators);
  const holders: Record<string, Value> = {};
  const given = new Map<Value, Value>();
  const scaled = new Map<Value, Value>();
  for (const [layer, key] of initializers.entries()) {
    const { dtype, shape } = model.initializers.get(key)!;
    holders[key] = draft.input(`weight ${key}`, dtype, shape);
    const isScaled = found.find(({ initializer }) => initializer === key)!.dequantized !== undefined;
    (isScaled ? scaled : given).set(holders[key], weights[layer]!);
  }
  const picture = draft.input("images of the network", images.dtype, images.shape);
  given.set(picture, images);
  const outputs = model.apply({ [input]: picture }, holders);
  const names = Object.keys(outputs);
  const chosen = output ?? names[0]!;
  if (!outputs[chosen] || (output === undefined && names.length > 1))
    throw new ModelError(
      `${name}: ${output === undefined ? `it has ${names.length} outputs` : `it has no output "${output}"`} (${names.join(", ")}); name the one with the scores (output).`,
    );
  let end = outputs[chosen];
  while (end.node && /^(Softmax|Identity)$/.test(end.node.op)) end = end.node.inputs[0]!;
  if (end.shape.length !== 2 || end.shape[0] !== images.shape[0] || end.shape[1]! < 2)
    throw new ModelError(
      `${name}: its output "${chosen}" is [${end.shape.join(", ")}] for ${images.shape[0]} images; expected a row of scores for each, [N, K] with K ≥ 2.`,
    );
  for (const node of nodesBefore(end, draft)) copyNode(node, graph, given, scaled);
  return given.get(end)!;
}

/** The nodes that a value depends on, in their order. */
function nodesBefore(end: Value, { nodes }: Graph): Node[] {
  const wanted = new Set<Value>([end]);
  const kept: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    kept.unshift(node);
    for (const each of node.inputs) if (each) wanted.add(each);
  }
  return kept;
}

function copyNode(node: Node, graph: Graph, given: Map<Value, Value>, scaled: ReadonlyMap<Value, Value>): void {
  const weight = node.op === "DequantizeLinear" ? scaled.get(node.inputs[0]!) : undefined;
  if (weight) {
    given.set(node.outputs[0]!, weight);
    return;
  }
  const inputs = node.inputs.map((input) => {
    if (!input) return null;
    const at = given.get(input) ?? graph.constant(input.constant!, input.dtype, input.name);
    given.set(input, at);
    return at;
  });
  const outputs = graph.add(node.op, inputs, node.attrs, node.name);
  for (const [i, output] of node.outputs.entries()) given.set(output, outputs[i]!);
}

/** "layer1.0.conv2.weight" → "layer1.0.conv2"; "fc.weight_quantized" → "fc". */
function layerName(initializer: string): string {
  return initializer.replace(/_quantized$/, "").replace(/\.weight$/, "");
}

function checkFinite({ data }: Tensor, initializer: string, name: string): void {
  if (!(data instanceof Float32Array)) return;
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ModelError(`${name}: weight "${initializer}" is ${data[bad]} at ${bad}; expected finite numbers.`);
}
