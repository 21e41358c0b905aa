// The backbones of Table 1 and any other: frames → feature maps.
import type { Random } from "@reprise/data";
import {
  add,
  div,
  importOnnx,
  type Layout,
  ModelError,
  maxPool,
  mul,
  relu,
  reshape,
  sub,
  tensor,
  trace,
  transpose,
  type Value,
  type Values,
} from "@reprise/engine";
import {
  conv2d,
  conv2dParameters,
  heNormal,
  imageNetStatistics,
  initialize,
  modelInput,
  resnetTrunk,
  zeros,
} from "@reprise/nn";
import { type BackboneSpec, type EncoderSpec, inputShapeOf, type Pixels } from "./encoder-spec.ts";
import { type Norms, normParameters } from "./norms.ts";

export interface Backbone {
  /** Channels of the feature maps. */
  readonly features: number;
  readonly parameters: Layout;
  init(random: Random): Float32Array;
  /** x [M, C, H, W] in [−1, 1] → [M, features, h, w]. */
  forward(parameters: Values, x: Value, norms: Norms): Value;
}

/** @param file  of an ONNX backbone: the model, cut at the spec's value */
export function backboneOf(encoder: EncoderSpec, file?: Uint8Array): Backbone {
  const { kind, backbone } = encoder;
  const spec = backbone!;
  const [channels] = inputShapeOf(encoder) as [number];
  if (kind === "vggm") return vggM(channels, spec);
  if (kind === "resnet50") return resnet50(channels, spec);
  if (!file) throw new Error("encoderOf: an ONNX encoder needs its backbone's file.");
  const features = spec.channels!;
  return { features, parameters: {}, init: () => new Float32Array(0), forward: (_, x) => throughOnnx(file, spec, x) };
}

/** VGG-M from scratch (Table 1; config.py): six 3×3 convolutions behind one of 7×7, each normalised. */
function vggM(channels: number, { width, pixels }: BackboneSpec): Backbone {
  const widths = [64, 128, 128, 256, 256, 512, 512].map((own) => Math.max(8, Math.round(width * own)));
  const parameters: Layout = Object.assign(
    {},
    ...widths.map((own, i) => ({
      ...conv2dParameters(`conv${i + 1}`, i === 0 ? channels : widths[i - 1]!, own, i === 0 ? 7 : 3),
      ...normParameters(`norm${i + 1}`, own),
    })),
  );
  return {
    features: widths.at(-1)!,
    parameters,
    init: (random) => initialize(parameters, random, { weight: heNormal, bias: zeros }),
    forward(p, x, norms) {
      const layer = (i: number, y: Value) => {
        const options = i === 1 ? { strides: [2, 2], pads: [3, 3] } : { pads: [1, 1] };
        return relu(norms.apply(`norm${i}`, conv2d(p, `conv${i}`, y, options)));
      };
      let y = layer(1, prepared(x, pixels));
      y = maxPool(y, { kernel: [3, 3], strides: [2, 2], pads: [1, 1] });
      y = maxPool(layer(3, layer(2, y)), { kernel: [2, 2] });
      y = maxPool(layer(5, layer(4, y)), { kernel: [2, 2] });
      return layer(7, layer(6, y));
    },
  };
}

/** ResNet-50 as far as conv4c, with torchvision's names. Departure: the authors' is Keras's ResNet-50 v2. */
function resnet50(channels: number, { pixels }: BackboneSpec): Backbone {
  const trunk = resnetTrunk({ depth: 50, channels, last: "layer3.2" });
  return {
    features: trunk.features,
    parameters: trunk.parameters,
    init: (random) => trunk.init(random),
    forward: (p, x, norms) => trunk.forward(p, prepared(x, pixels), norms),
  };
}

/** @param x  in [−1, 1] */
function prepared(x: Value, pixels: Pixels): Value {
  if (pixels === "signed") return x;
  const unit = mul(add(x, 1), 0.5);
  if (pixels === "unit") return unit;
  const column = (values: readonly number[]) => x.graph.constant(tensor("float32", [values.length, 1, 1], values));
  return div(sub(unit, column(imageNetStatistics.mean)), column(imageNetStatistics.deviation));
}

/** Feature maps of images in [−1, 1]. @throws ModelError when the value holds none */
export function throughOnnx(file: Uint8Array, { pixels, cut }: Pick<BackboneSpec, "pixels" | "cut">, x: Value): Value {
  const name = "backbone";
  const model = importOnnx(file, { name });
  const { input, nhwc } = modelInput(model, name, { inputShape: sizesFor(model, x) });
  const images = prepared(x, pixels);
  const { [cut!]: y } = model.apply({ [input]: nhwc ? transpose(images, [0, 2, 3, 1]) : images });
  const { shape, dtype } = y!;
  if (dtype !== "float32" || (shape.length !== 4 && shape.length !== 2) || shape[0] !== x.shape[0])
    throw new ModelError(
      `backbone: "${cut}" is ${dtype} [${shape.join(", ")}]; expected float32 [images, channels, height, width] or [images, features]. Cut it elsewhere.`,
    );
  if (shape.length === 2) return reshape(y!, [...shape, 1, 1]);
  return y!;
}

/** An image as the model takes it: its open axes are filled in. */
function sizesFor({ inputs }: ReturnType<typeof importOnnx>, x: Value): number[] {
  const [, C, H, W] = x.shape as [number, number, number, number];
  const shape = inputs[0]?.shape ?? [];
  return shape[3] === C && shape[1] !== C ? [H, W, C] : [C, H, W];
}

/** Channels that an ONNX backbone gives for frames of this shape. @throws ModelError when it gives no feature maps */
export function onnxChannels(file: Uint8Array, spec: BackboneSpec, frameShape: readonly number[]): number {
  const graph = trace(({ x }: { readonly x: Value }) => ({ y: throughOnnx(file, spec, x) }), {
    x: { dtype: "float32", shape: [1, ...frameShape] },
  });
  return graph.outputs.get("y")!.shape[1]!;
}
