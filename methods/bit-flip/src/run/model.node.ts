// The model of a verb: an ONNX file, or a network by name with weights of its own; as a file whose numbers are attacked.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { readBytes } from "@reprise/data/node";
import { UsageError } from "@reprise/experiment";
import {
  exportNetwork,
  imageNetwork,
  imageNetworkNames,
  type Network,
  networkByName,
  readSafetensors,
  readTorchFile,
  stateDictOf,
  weightsFromTensors,
} from "@reprise/nn";
import { type FlippableFile, flippableFile } from "../flip-list.ts";
import { formatOfBits } from "../floats.ts";
import type { TargetKind } from "../onnx-arrays.ts";
import { quantizedOnnx } from "../onnx-file.ts";
import { type OnnxNetwork, onnxNetwork } from "../onnx-network.ts";

export interface ModelChoice {
  readonly network?: string;
  readonly weights?: string;
  readonly classes?: number;
  readonly bits?: number;
  readonly targets?: readonly string[];
  readonly perChannel?: boolean;
  readonly output?: string;
  readonly shape?: readonly number[];
}

/** A model with integers. */
export interface QuantizedModel extends FlippableFile {
  /** File or network, for messages and reports. */
  readonly name: string;
  readonly network: OnnxNetwork;
  /** Whether the integers are the given file's, or made here. */
  readonly own: boolean;
  /** Of `bytes`. */
  readonly sha256: string;
}

/** @throws UsageError when there is no model, or two; ModelError or DataError when it cannot be read or attacked */
export async function openModel(args: readonly string[], choice: ModelChoice): Promise<QuantizedModel> {
  const { file, name } = await fileOf(args, choice);
  const { bits, perChannel, output, shape: inputShape } = choice;
  if (bits !== undefined && bits > 8 && formatOfBits[bits] === undefined)
    throw new UsageError(`--bits is ${bits}; expected 1 to 8, or 32 or 16 to attack the floats as they are`);
  const targets = targetsOf(choice.targets);
  const read = defined({ output, inputShape, targets });
  const network = onnxNetwork(file, { name, ...read, ...defined({ bits, perChannel }) });
  if (network.quantized || network.stored) return finished(name, file, network, true);
  // What stays float32 stands in the file as it is.
  const layers = network.layers
    .map((layer, i) => ({ layer, initializer: network.initializers[i]! }))
    .filter(({ layer }) => layer.format !== "float32");
  const bytes = quantizedOnnx(file, layers, { name });
  const made = onnxNetwork(bytes, { name, ...read, ...defined({ bits: bits === 16 ? bits : undefined }) });
  return finished(name, bytes, made, false);
}

const kinds: readonly string[] = ["weights", "biases", "scales"] satisfies readonly TargetKind[];

function targetsOf(given: readonly string[] | undefined): TargetKind[] | undefined {
  const unknown = given?.find((kind) => !kinds.includes(kind));
  if (unknown !== undefined) throw new UsageError(`--targets names ${unknown}; known are ${kinds.join(", ")}`);
  return given as TargetKind[] | undefined;
}

function finished(name: string, file: Uint8Array, network: OnnxNetwork, own: boolean): QuantizedModel {
  const flippable = flippableFile(file, network);
  return { ...flippable, name, network, own, sha256: sha256(flippable.bytes) };
}

async function fileOf([path]: readonly string[], { network: name, weights, classes }: ModelChoice) {
  if (path !== undefined && name !== undefined)
    throw new UsageError(`both ${path} and the network ${name} are given; attack one of them`);
  if (path !== undefined) return { file: await readBytes(path), name: basename(path) };
  if (name === undefined) throw new UsageError("no model: give an ONNX file, or --network with --weights");
  if (weights === undefined) throw new UsageError(`--network ${name} needs --weights, a file with its weights`);
  let network: Network;
  try {
    network = imageNetworkNames.includes(name.toLowerCase())
      ? imageNetwork(name, defined({ classes }))
      : networkByName(name);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}`, { cause: error });
  }
  const bytes = await readBytes(weights);
  const tensors = weights.endsWith(".safetensors")
    ? readSafetensors(bytes, { source: weights }).tensors
    : stateDictOf(readTorchFile(bytes, { source: weights }), { source: weights });
  return {
    file: exportNetwork(network, weightsFromTensors(network, tensors, { source: weights })),
    name: network.name,
  };
}

export const sha256 = (bytes: NodeJS.ArrayBufferView): string => createHash("sha256").update(bytes).digest("hex");

/** The entries that are given. */
export function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
