// What a published encoder begins with: weights by torchvision's names, or an ONNX model cut at a value.
import { extname } from "node:path";
import { readBytes } from "@reprise/data/node";
import { cutOnnx, importOnnx, type Tensor } from "@reprise/engine";
import { UsageError } from "@reprise/experiment/verb";
import { readSafetensors, readTorchFile, stateDictOf } from "@reprise/nn";
import { readModelFile } from "@reprise/nn/node";
import type { EncoderKind } from "../encoder-spec.ts";
import type { BackboneFile } from "../train.ts";

interface BackboneOptions {
  readonly weights: string | undefined;
  readonly cut: string | undefined;
  readonly width: number | undefined;
}

/** @throws UsageError where options do not go together */
export async function readBackbone(
  encoder: EncoderKind | undefined,
  { weights, cut, width }: BackboneOptions,
): Promise<BackboneFile> {
  if (width !== undefined && encoder !== "vggm") throw new UsageError("--width is an option of --encoder vggm.");
  if (encoder === "onnx") {
    if (weights === undefined || cut === undefined)
      throw new UsageError("--encoder onnx needs --weights FILE.onnx and --cut VALUE, the feature maps to go on from.");
    return { onnx: cutOnnx(await readModelFile(weights), cut, { name: weights }) };
  }
  if (cut !== undefined) throw new UsageError("--cut is an option of --encoder onnx.");
  if (weights === undefined) return {};
  if (encoder !== "resnet50") throw new UsageError("--weights is an option of --encoder resnet50 and onnx.");
  return { state: await readState(weights) };
}

async function readState(path: string): Promise<Readonly<Record<string, Tensor>>> {
  const kind = extname(path).toLowerCase();
  if (kind === ".onnx") {
    const { initializers } = importOnnx(await readModelFile(path), { name: path });
    if (!initializers.has("layer1.0.conv1.weight"))
      throw new UsageError(
        `${path} does not name its weights as torchvision does; give it to --encoder onnx with --cut VALUE.`,
      );
    return Object.fromEntries(initializers);
  }
  const bytes = await readBytes(path);
  return kind === ".safetensors"
    ? readSafetensors(bytes, { source: path }).tensors
    : stateDictOf(readTorchFile(bytes, { source: path }), { source: path });
}
