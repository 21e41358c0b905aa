// A trained encoder, and a training that is not over, as the bytes of safetensors files.
import { layoutSize, ModelError, unflatten } from "@reprise/engine";
import { decodeCheckpoint, encodeCheckpoint, packWeights, readSafetensors, writeSafetensors } from "@reprise/nn";
import { type EncoderSpec, encoderOf } from "./encoder.ts";
import { headParameters } from "./objective.ts";
import type { TrainSettings } from "./settings.ts";
import type { Best, TccCheckpoint, TccModel, Trained } from "./train.ts";

const VERSION = "1";

export interface ModelFacts extends Partial<Pick<Trained, "settings" | "step" | "tau" | "heldOut">> {
  /** Of the video files that it was trained on. */
  readonly framesPerSecond?: number;
  readonly command?: string;
}

export function encodeModel({ spec, parameters }: TccModel, facts: ModelFacts = {}): Uint8Array {
  return writeSafetensors(unflatten(parameters, encoderOf(spec).parameters), {
    metadata: { "reprise.tcc": VERSION, encoder: JSON.stringify(spec), facts: JSON.stringify(facts) },
  });
}

/** @throws ModelError naming the file, when it is damaged or no model of this method */
export function decodeModel(bytes: Uint8Array, source: string): TccModel & { readonly facts: ModelFacts } {
  const { tensors, metadata } = readSafetensors(bytes, { source });
  if (metadata["reprise.tcc"] !== VERSION)
    throw new ModelError(`${source}: not a model of temporal cycle-consistency; give a file that "tcc train" wrote`);
  const spec = checkedSpec(json(metadata.encoder, source), source);
  return {
    spec,
    parameters: packWeights(tensors, encoderOf(spec).parameters, { source }),
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
  const shapes: Readonly<Record<string, number>> = { mlp: 1, small: 3 };
  const good =
    Array.isArray(spec.frameShape) &&
    spec.frameShape.length === shapes[spec.kind] &&
    [...spec.frameShape, spec.context, spec.contextStride, spec.dimensions].every(count);
  if (!good) throw new ModelError(`${source}: its encoder is none that is known here`);
  return spec;
}

/** The checkpoint with its best weights; `decodeTraining` needs the same settings. */
export function encodeTraining({ training, best, waited }: TccCheckpoint, spec: EncoderSpec, settings: TrainSettings) {
  const batches = {
    own: training.batches,
    best: best && { step: best.step, tau: best.tau },
    waited,
  };
  const parameters = { ...encoderOf(spec).parameters, ...headParameters(settings) };
  const size = layoutSize(parameters);
  // The best weights travel as a buffer: they are no part of the step.
  const state = { ...training.state, buffers: best?.parameters ?? new Float32Array(size) };
  return encodeCheckpoint({ ...training, batches, state }, { parameters, buffers: { "best.parameters": [size] } });
}

export function decodeTraining(
  bytes: Uint8Array,
  spec: EncoderSpec,
  settings: TrainSettings,
  source: string,
): TccCheckpoint {
  const parameters = { ...encoderOf(spec).parameters, ...headParameters(settings) };
  const layouts = { parameters, buffers: { "best.parameters": [layoutSize(parameters)] } };
  const { state, batches, ...rest } = decodeCheckpoint(bytes, layouts, { source });
  const { own, best, waited } = batches as { own: unknown; best: Omit<Best, "parameters"> | null; waited: number };
  return {
    training: { ...rest, batches: own, state: { ...state, buffers: new Float32Array(0) } },
    best: best && { ...best, parameters: state.buffers },
    waited,
  };
}
