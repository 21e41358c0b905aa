// A trained encoder, and a training that is not over, as the bytes of safetensors files.
import { layoutSize, ModelError, type Tensor, unflatten } from "@reprise/engine";
import { decodeCheckpoint, encodeCheckpoint, packWeights, readSafetensors, writeSafetensors } from "@reprise/nn";
import { encoderOf } from "./encoder.ts";
import type { BackboneSpec, Encoder, EncoderSpec } from "./encoder-spec.ts";
import type { TrainSettings } from "./settings.ts";
import { type Best, type TccCheckpoint, type TccModel, type Trained, trainedParameters } from "./train.ts";

const VERSION = "1";

export interface ModelFacts extends Partial<Pick<Trained, "settings" | "step" | "tau" | "heldOut">> {
  /** Of the video files that it was trained on. */
  readonly framesPerSecond?: number;
  readonly command?: string;
}

/** How weights are stored: as they are, or those with more than one axis as bytes times a step for each output. */
export type StoredPrecision = "float32" | "int8";

export function encodeModel(
  { spec, parameters, backbone }: TccModel,
  { precision = "float32", ...facts }: ModelFacts & { readonly precision?: StoredPrecision } = {},
): Uint8Array {
  const weights = Object.entries(unflatten(parameters, encoderOf(spec, backbone).parameters));
  const stored = precision === "float32" ? weights : weights.flatMap(([name, weight]) => asBytes(name, weight));
  const file: [string, Tensor][] = backbone
    ? [[BACKBONE, { dtype: "uint8", shape: [backbone.length], data: backbone }]]
    : [];
  return writeSafetensors(Object.fromEntries([...stored, ...file]), {
    metadata: { "reprise.tcc": VERSION, encoder: JSON.stringify(spec), facts: JSON.stringify(facts) },
  });
}

/** Where the ONNX file of a backbone stands among the arrays. */
const BACKBONE = "backbone.onnx";

const stepOf = (name: string) => `${name}.step`;

/** A weight of several axes as int8 [outputs, …] and its steps [outputs]: W ≈ W_q · step. */
function asBytes(name: string, weight: Tensor): [string, Tensor][] {
  const { shape, data } = weight;
  if (shape.length < 2) return [[name, weight]];
  const outputs = shape[0]!;
  const each = data.length / outputs;
  const bytes = new Int8Array(data.length);
  const step = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const row = (data as Float32Array).subarray(o * each, (o + 1) * each);
    step[o] = row.reduce((most, w) => Math.max(most, Math.abs(w)), 0) / 127 || 1;
    for (let i = 0; i < each; i++) bytes[o * each + i] = Math.round(row[i]! / step[o]!);
  }
  return [
    [name, { dtype: "int8", shape, data: bytes }],
    [stepOf(name), { dtype: "float32", shape: [outputs], data: step }],
  ];
}

/** The weights of a file as floats, whichever way they are stored. */
function asFloats(tensors: Readonly<Record<string, Tensor>>, source: string): Record<string, Tensor> {
  const floats: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.endsWith(".step") && tensors[name.slice(0, -".step".length)]?.dtype === "int8") continue;
    if (tensor.dtype !== "int8") {
      floats[name] = tensor;
      continue;
    }
    const step = tensors[stepOf(name)];
    const outputs = tensor.shape[0] ?? 0;
    if (step?.dtype !== "float32" || `${step.shape}` !== `${[outputs]}`)
      throw new ModelError(`${source}: "${name}" holds bytes, but not the steps [${outputs}] that they count in`);
    const each = tensor.data.length / outputs;
    const steps = step.data as Float32Array;
    const data = Float32Array.from(tensor.data as Int8Array, (q, i) => q * steps[Math.floor(i / each)]!);
    floats[name] = { dtype: "float32", shape: tensor.shape, data };
  }
  return floats;
}

/** @throws ModelError naming the file, when it is damaged or no model of this method */
export function decodeModel(bytes: Uint8Array, source: string): TccModel & { readonly facts: ModelFacts } {
  const { tensors: all, metadata } = readSafetensors(bytes, { source });
  if (metadata["reprise.tcc"] !== VERSION)
    throw new ModelError(`${source}: not a model of temporal cycle-consistency; give a file that "tcc train" wrote`);
  const spec = checkedSpec(json(metadata.encoder, source), source);
  const { [BACKBONE]: file, ...tensors } = all;
  const backbone = file?.dtype === "uint8" ? (file.data as Uint8Array) : undefined;
  if (spec.kind === "onnx" && !backbone) throw new ModelError(`${source}: its backbone is missing; it is damaged`);
  return {
    spec,
    parameters: packWeights(asFloats(tensors, source), encoderOf(spec, backbone).parameters, { source }),
    ...(backbone ? { backbone } : {}),
    facts: json(metadata.facts, source) as ModelFacts,
  };
}

function json(text: string | undefined, source: string): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch (cause) {
    throw new ModelError(`${source}: its metadata is damaged`, { cause });
  }
}

function checkedSpec(value: unknown, source: string): EncoderSpec {
  const spec = (value ?? {}) as EncoderSpec;
  const count = (n: unknown) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1e6;
  const shapes: Readonly<Record<string, number>> = { mlp: 1, small: 3, vggm: 3, resnet50: 3, onnx: 3 };
  const { backbone } = spec;
  const isPublished = spec.kind !== "mlp" && spec.kind !== "small";
  const isKnown =
    Array.isArray(spec.frameShape) &&
    spec.frameShape.length === shapes[spec.kind] &&
    (spec.start === undefined || ["ignored", "beside", "subtracted"].includes(spec.start)) &&
    [...spec.frameShape, spec.context, spec.contextStride, spec.dimensions].every(count) &&
    (!isPublished || (backbone !== undefined && isBackbone(backbone, spec.kind === "onnx")));
  if (!isKnown) throw new ModelError(`${source}: its encoder is unknown; a newer version may have written it`);
  return spec;
}

function isBackbone(spec: BackboneSpec, isOnnx: boolean): boolean {
  const size = (n: unknown) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 1e5;
  return (
    spec.width > 0 &&
    spec.width <= 16 &&
    ["all", "only-bn", "frozen"].includes(spec.train) &&
    ["signed", "unit", "imagenet"].includes(spec.pixels) &&
    ["batch", "group"].includes(spec.norm) &&
    size(spec.embedder) &&
    (!isOnnx || (typeof spec.cut === "string" && size(spec.channels)))
  );
}

/** The checkpoint with its best weights; `decodeTraining` needs the same settings. */
export function encodeTraining({ training, best, waited }: TccCheckpoint, encoder: Encoder, settings: TrainSettings) {
  const batches = {
    own: training.batches,
    best: best && { step: best.step, tau: best.tau },
    waited,
  };
  const layouts = trainingLayouts(encoder, settings);
  // The best weights travel as a buffer: they are no part of the step.
  const buffers = new Float32Array(layoutSize(layouts.buffers));
  buffers.set(training.state.buffers);
  if (best) buffers.set(best.parameters, training.state.buffers.length);
  return encodeCheckpoint({ ...training, batches, state: { ...training.state, buffers } }, layouts);
}

const trainingLayouts = (encoder: Encoder, settings: TrainSettings) => ({
  parameters: trainedParameters(encoder, settings),
  buffers: { ...encoder.buffers, "best.parameters": [layoutSize(encoder.parameters)] },
});

export function decodeTraining(
  bytes: Uint8Array,
  encoder: Encoder,
  settings: TrainSettings,
  source: string,
): TccCheckpoint {
  const { state, batches, ...rest } = decodeCheckpoint(bytes, trainingLayouts(encoder, settings), { source });
  const { own, best, waited } = batches as { own: unknown; best: Omit<Best, "parameters"> | null; waited: number };
  const split = layoutSize(encoder.buffers);
  return {
    training: { ...rest, batches: own, state: { ...state, buffers: state.buffers.slice(0, split) } },
    best: best && { ...best, parameters: state.buffers.slice(split) },
    waited,
  };
}
