// What a published encoder begins with: weights by torchvision's names, or a network cut at a value.
import { extname } from "node:path";
import { readBytes } from "@reprise/data/node";
import { cutOnnx, importOnnx, type Tensor } from "@reprise/engine";
import { UsageError } from "@reprise/experiment/verb";
import { onnxFromTflite, readSafetensors, readTorchFile, stateDictOf } from "@reprise/nn";
import { readModelFile } from "@reprise/nn/node";
import type { EncoderKind, Pixels } from "../encoder-spec.ts";
import type { FeatureNetwork } from "../features.ts";
import type { BackboneFile } from "../train.ts";

interface BackboneOptions {
  readonly weights: string | undefined;
  readonly cut: string | undefined;
  readonly pixels: Pixels | undefined;
  readonly width: number | undefined;
  readonly size: number;
}

/** @throws UsageError where options do not go together */
export async function readBackbone(
  encoder: EncoderKind | undefined,
  { weights, cut, pixels, width, size }: BackboneOptions,
): Promise<BackboneFile & Partial<Pick<FeatureNetwork, "cut" | "pixels">>> {
  if (width !== undefined && encoder !== "vggm") throw new UsageError("--width is an option of --encoder vggm.");
  if (encoder === "onnx") {
    if (weights === undefined) throw new UsageError("--encoder onnx needs --weights FILE, the network to go on from.");
    return readNetwork(weights, { cut, pixels, size, flag: "--cut" });
  }
  if (cut !== undefined) throw new UsageError("--cut is an option of --encoder onnx.");
  const own = pixels ? { pixels } : {};
  if (weights === undefined) return own;
  if (encoder !== "resnet50") throw new UsageError("--weights is an option of --encoder resnet50 and onnx.");
  return { state: await readState(weights), ...own };
}

/** The last feature maps of the network that `reprise data get mobilenet-v2` fetches. */
const MOBILENET = "FeatureExtractor/MobilenetV2/Conv_1/Relu6";

/**
 * A network for feature maps: an ONNX model, or one of TensorFlow Lite (.tflite, or .data as MediaPipe packs them), which
 * takes pixels from −1 to 1 and ends, if nothing else is asked for, where MobileNetV2 does.
 *
 * @param flag  of `cut`, for messages
 */
export async function readNetwork(
  path: string,
  {
    cut,
    pixels,
    size,
    flag,
  }: {
    readonly cut: string | undefined;
    readonly pixels: Pixels | undefined;
    readonly size: number;
    readonly flag: string;
  },
): Promise<FeatureNetwork> {
  if ([".tflite", ".data"].includes(extname(path).toLowerCase())) {
    const output = cut ?? MOBILENET;
    const onnx = onnxFromTflite(await readBytes(path), { name: path, output, size: 32 * Math.ceil(size / 32) });
    return { onnx: cutOnnx(onnx, output, { name: path }), cut: output, pixels: pixels ?? "signed" };
  }
  if (cut === undefined)
    throw new UsageError(`${path}: name the value of its graph whose feature maps are taken: ${flag} VALUE.`);
  const onnx = cutOnnx(await readModelFile(path), cut, { name: path });
  return { onnx, cut, pixels: pixels ?? "imagenet" };
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
