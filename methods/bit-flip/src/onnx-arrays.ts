// The arrays of an ONNX classifier whose bits can be flipped: weights of its layers, their biases, and scales.
import { Graph, type Node, type OnnxModel, operators, type Tensor, type Value } from "@reprise/engine";
import { scaleNames } from "./onnx-file.ts";

/** What is attacked: weights of layers, their biases, the float scales of quantised arrays. */
export type TargetKind = "weights" | "biases" | "scales";

export interface FoundArray {
  readonly kind: TargetKind;
  readonly initializer: string;
  readonly node: string;
  /** Output channels in the array. */
  readonly axis: number;
  /** Where the file holds integers: how they are read. */
  readonly dequantized?: {
    readonly scale: Tensor;
    /** That the scale is attacked as well, as an array of its own. */
    readonly scaleApart: boolean;
    readonly zeroPoint: Tensor | undefined;
    readonly axis: number;
  };
  /** Integers that are only cast to floats, as the biases of QLinearConv are: their steps are multiplied afterwards. */
  readonly cast?: true;
}

/** Arrays of the model that stay as they are. */
export interface LeftOut {
  readonly node: string;
  readonly reason: string;
}

/** Those of the wanted kinds that convolutions and matrix products take, weights first, in the order of nodes. */
export function findArrays(
  model: OnnxModel,
  file: Uint8Array,
  { input, shape, targets }: { input: string; shape: readonly number[]; targets: readonly TargetKind[] },
): { found: FoundArray[]; leftOut: LeftOut[] } {
  const graph = new Graph(operators);
  const scales = new Map(
    [...(targets.includes("scales") ? scaleNames(file) : [])].filter(
      ([key]) => model.initializers.get(key)?.dtype === "float32",
    ),
  );
  const arrays: Arrays = { places: new Map(), scales: new Map() };
  const holders: Record<string, Value> = {};
  for (const [key, stored] of model.initializers) {
    const { dtype, shape } = stored;
    const weight = shape.length >= 2 && ["float32", "int8", "uint8"].includes(dtype);
    const bias = targets.includes("biases") && shape.length === 1 && ["float32", "int32"].includes(dtype);
    if (!weight && !bias && !scales.has(key)) continue;
    holders[key] = graph.input(`weight ${key}`, dtype, shape);
    if (scales.has(key)) arrays.scales.set(holders[key], stored);
    else arrays.places.set(holders[key], key);
  }
  const images = graph.input("images of the network", "float32", shape);
  model.apply({ [input]: images }, holders);
  const moving = new Set([images]);
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.some((input) => input && moving.has(input))) for (const output of outputs) moving.add(output);
  const weights = new Map<string, FoundArray>();
  const biases = new Map<string, FoundArray>();
  const leftOut: LeftOut[] = [];
  for (const node of graph.nodes) {
    if (!/^(Conv|ConvTranspose|MatMul|Gemm)$/.test(node.op)) continue;
    const label = `${node.op} "${node.name ?? node.outputs[0]!.name ?? ""}"`;
    const take = (kind: "weights" | "biases", sides: readonly number[], axis: number) => {
      if (!targets.includes(kind)) return;
      const origin = sides
        .map((at) => node.inputs[at]!)
        .filter((value) => !moving.has(value))
        .map((value) => originOf(value, arrays))
        .find((each) => each !== undefined);
      if (!origin || "reason" in origin)
        leftOut.push({ node: label, reason: origin?.reason ?? `its ${kind} are computed, not stored` });
      else (kind === "weights" ? weights : biases).set(origin.initializer, { ...origin, kind, node: label, axis });
    };
    take("weights", node.op === "MatMul" ? [1, 0] : [1], outputAxis(node));
    if (node.op !== "MatMul" && node.inputs[2]) take("biases", [2], 0);
  }
  return {
    found: [
      ...weights.values(),
      ...biases.values(),
      ...[...scales].map(([initializer, node]) => ({ kind: "scales" as const, initializer, node, axis: 0 })),
    ],
    leftOut,
  };
}

function outputAxis({ op, attrs }: Node): number {
  if (op === "Gemm") return attrs.transB ? 0 : 1;
  return op === "MatMul" || op === "ConvTranspose" ? 1 : 0;
}

type Origin = Pick<FoundArray, "initializer" | "dequantized" | "cast"> | { readonly reason: string };

const layouts = /^(Transpose|Reshape|Identity|Flatten|Squeeze|Unsqueeze)$/;
/** What protects weights on their way to a layer. */
const guards = /^(Add|Sub|Min|Max|Clip|ReduceMean)$/;

interface Arrays {
  /** Names of arrays by what stands for them. */
  readonly places: Map<Value, string>;
  /** Scales that are attacked, by what stands for them. */
  readonly scales: Map<Value, Tensor>;
}

/** The stored array that a value is, through changes of layout, of integers to floats, and through what guards it. */
function originOf(value: Value, arrays: Arrays): Origin | undefined {
  const { places } = arrays;
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
    const attacked = scaleOf(node.inputs[1]!, arrays);
    const [scale, zeroPoint] = [attacked ?? node.inputs[1]?.constant, node.inputs[2]?.constant];
    if (!scale || (node.inputs[2] && !zeroPoint)) return { reason: `the scale of "${stored}" is computed, not stored` };
    const axis = (node.attrs.axis as number | undefined) ?? 1;
    const scaleApart = attacked !== undefined;
    return { initializer: stored, dequantized: { scale, scaleApart, zeroPoint: zeroPoint ?? undefined, axis } };
  }
  // A bias of QLinearConv and QGemm: integers times the steps of their products.
  if (node.op === "Mul") {
    const cast = node.inputs[0]!.node;
    const stored = cast?.op === "Cast" ? places.get(cast.inputs[0]!) : undefined;
    return stored === undefined ? undefined : { initializer: stored, cast: true };
  }
  // float16 is read as float32, and its cast then changes nothing.
  const isHalf = node.op === "Cast" && node.inputs[0]!.dtype === "float32";
  if (isHalf || layouts.test(node.op)) return originOf(node.inputs[0]!, arrays);
  if (!guards.test(node.op)) return undefined;
  return node.inputs.flatMap((input) => (input && originOf(input, arrays)) || []).find((each) => "initializer" in each);
}

function scaleOf(value: Value, { scales }: Arrays): Tensor | undefined {
  return (
    scales.get(value) ?? (value.node && layouts.test(value.node.op) ? scales.get(value.node.inputs[0]!) : undefined)
  );
}
