// What an encoder is, as data and as an interface.
import type { Random } from "@reprise/data";
import type { Layout, Value, Values } from "@reprise/engine";

export type EncoderKind = "small" | "mlp" | "vggm" | "resnet50" | "onnx";

/** What of a backbone is trained: all of it, its batch normalisations alone (config.py's "only_bn"), or nothing. */
export type TrainBase = "all" | "only-bn" | "frozen";

/** How frames in [−1, 1] become what a backbone takes: as they are, in [0, 1], or by ImageNet's statistics. */
export type Pixels = "signed" | "unit" | "imagenet";

/** What an encoder sees of what has changed since its video began: nothing, that beside the frame, or that alone. */
export type Start = "ignored" | "beside" | "subtracted";

/** An encoder as plain data: what a model file keeps. */
export interface EncoderSpec {
  readonly kind: EncoderKind;
  /** Of one frame: [F], or [C, H, W] after scaling. */
  readonly frameShape: readonly number[];
  /** Frames seen at once: this one and those before it. */
  readonly context: number;
  /** Frames between them. */
  readonly contextStride: number;
  /** Of the embedding. */
  readonly dimensions: number;
  /** Of pictures: whether the video's first frame is subtracted, or the difference stands beside the frame. */
  readonly start?: Start;
  /** Of features: subtracted and divided by. */
  readonly mean?: readonly number[];
  readonly scale?: readonly number[];
  /** Of the published encoders: what their backbone and the embedder behind it are. */
  readonly backbone?: BackboneSpec;
}

/** What an encoder takes of one frame: its shape, with twice the channels where the difference stands beside it. */
export function inputShapeOf({ frameShape, start }: Pick<EncoderSpec, "frameShape" | "start">): readonly number[] {
  const [C, ...space] = frameShape as [number, ...number[]];
  return start === "beside" ? [2 * C, ...space] : frameShape;
}

export interface BackboneSpec {
  /** Factor of VGG-M's channels. */
  readonly width: number;
  readonly train: TrainBase;
  readonly pixels: Pixels;
  /** Channels of the embedder's 3-D convolutions and of its linear layers. */
  readonly embedder: number;
  readonly norm: "batch" | "group";
  /** Whether embeddings are brought to length 1. */
  readonly unitLength: boolean;
  /** Of an ONNX backbone: the value that it is cut at, and the channels of it. */
  readonly cut?: string;
  readonly channels?: number;
}

/** What an encoder's graph gives in a step of training. */
export interface EncoderStep {
  readonly embeddings: Value;
  /** New values of its buffers. */
  readonly buffers: Values;
}

export interface Encoder {
  readonly spec: EncoderSpec;
  /** Every array of it, those that no gradient changes last. */
  readonly parameters: Layout;
  /** Those: running statistics and what is frozen. */
  readonly buffers: Layout;
  init(random: Random): Float32Array;
  /** x [F, context, …inputShape], the frame itself last → embeddings [F, dimensions]. */
  forward(parameters: Values, x: Value): Value;
  /** The same in two parts where frames are looked at one by one first: a frame in several contexts is so once. */
  readonly parts?: {
    /** x [M, …inputShape] → features [M, C, h, w]. */
    frames(parameters: Values, x: Value): Value;
    /** features [F, context, C, h, w] → embeddings [F, dimensions]. */
    join(parameters: Values, features: Value): Value;
  };
  /** The same in a step of training, with `noise` for what drops out. */
  step(parameters: Values, x: Value, noise: Values): EncoderStep;
  /** Uniform numbers that a step needs for each frame, by name. */
  readonly noise: Layout;
}

/** An encoder whose arrays are all trained, and whose graph is the same in training. */
export type PlainEncoder = Pick<Encoder, "spec" | "parameters" | "init" | "forward" | "parts">;
