// A reader's ONNX model: what it is before it runs, and the model opened for an attack.
import {
  type ImageFormat,
  modelInput,
  type OnnxClassifier,
  type OnnxClassifierOptions,
  type OnnxScores,
  onnxClassifier,
  onnxScores,
} from "@reprise/adversarial";
import { importOnnx, type Runtime } from "@reprise/engine";
import { largestImage, type ModelFacts, type ModelFormat, numbersOf, type OwnModel, rangeOf } from "./own-files.ts";

/**
 * What the file says of itself; nothing runs.
 *
 * @throws ModelError for bytes that are no ONNX model, several inputs, or an input that is no batch of float32 images;
 *         Error for several outputs, or images too large for a page
 */
export function inspectModel({ name, bytes }: OwnModel): ModelFacts {
  const model = importOnnx(bytes, { name });
  const declared = (model.inputs[0]?.shape ?? []).slice(1);
  const filled = declared.map((dim) => (typeof dim === "number" && dim > 0 ? dim : 1));
  const { nhwc } = modelInput(model, name, { inputShape: filled });
  if (model.outputs.length !== 1)
    throw new Error(
      `${name}: it has ${model.outputs.length} outputs (${model.outputs.map((output) => output.name).join(", ")}); a classifier with one is attacked here. Export it with its logits only.`,
    );
  const numbers = filled.reduce((product, dim) => product * dim, 1);
  if (numbers > largestImage)
    throw new Error(
      `${name}: its images hold ${filled.join(" × ")} numbers, at most ${largestImage / 1e6} million can be attacked in a page. Export it for smaller ones.`,
    );
  const own = declared.map((dim) => (typeof dim === "number" && dim > 0 ? dim : 0)); // 0: left open
  const classes = Number(model.outputs[0]?.shape?.[1]);
  const [unknown] = model.unknown;
  return {
    shape: nhwc ? [own[2]!, own[0]!, own[1]!] : own,
    classes: classes > 0 ? classes : null,
    nhwc,
    noGradient: unknown ?? null,
  };
}

export interface OpenedModel {
  /** Of images [C, H, W] with pixels in [0, 1]. */
  readonly classifier: OnnxClassifier | OnnxScores;
  readonly shape: readonly [channels: number, height: number, width: number];
}

/**
 * Opens the model for attacks that need gradients or only scores. Release it.
 *
 * @throws Error in the reader's words: what the model is not, which operator has no gradient, which setting is not a number
 */
export async function openOwn(
  runtime: Runtime,
  { name, bytes }: OwnModel,
  format: ModelFormat,
  {
    needs,
    sharpness,
    batchSizes,
  }: Pick<Required<OnnxClassifierOptions>, "sharpness" | "batchSizes"> & { readonly needs: "gradients" | "scores" },
): Promise<OpenedModel> {
  const facts = inspectModel({ name, bytes });
  if (facts.noGradient && needs === "gradients")
    throw new Error(
      `${name}: operator “${facts.noGradient.op}” (node “${facts.noGradient.node}”) has no gradient here. Choose an attack that needs none: Square or HopSkipJump.`,
    );
  const options = { name, ...imageFormat(facts, format), ...scoresOption(format) };
  const opened =
    needs === "gradients"
      ? await onnxClassifier(runtime, bytes, { ...options, sharpness, batchSizes })
      : await onnxScores(runtime, bytes, options);
  return { classifier: fromUnit(opened, rangeOf[format.range]), shape: pictureShape(opened.inputShape, name) };
}

function imageFormat({ shape, nhwc }: ModelFacts, format: ModelFormat): ImageFormat {
  const { layout, channels, range, side } = format;
  const [mean, std] = [numbersOf(format.mean), numbersOf(format.std)];
  const own = nhwc ? [shape[1]!, shape[2]!, shape[0]!] : shape;
  return {
    range: rangeOf[range],
    ...(layout === "found" ? {} : { layout }),
    ...(channels === "bgr" ? { channelOrder: channels } : {}),
    ...(mean ? { mean } : {}),
    ...(std ? { std } : {}),
    ...(own.includes(0) ? { inputShape: own.map((dim) => dim || side) } : {}),
  };
}

const scoresOption = ({ scores }: ModelFormat) => (scores === "probabilities" ? { scores } : {});

/** [C, H, W]; a flat input is taken for a square grey image. */
function pictureShape(inputShape: readonly number[], name: string): OpenedModel["shape"] {
  if (inputShape.length === 3) return inputShape as unknown as OpenedModel["shape"];
  const [n = 0] = inputShape;
  const side = Math.sqrt(n);
  if (inputShape.length === 1 && Number.isInteger(side)) return [1, side, side];
  throw new Error(`${name}: it takes [N, ${inputShape.join(", ")}], which is not a picture: [N, C, H, W] is expected.`);
}

/** The same classifier for pixels in [0, 1], whatever range its own are in. */
function fromUnit<Model extends OnnxClassifier | OnnxScores>(
  model: Model,
  [low, high]: readonly [number, number],
): Model {
  if (low === 0 && high === 1) return model;
  const scale = high - low;
  const own = (images: Float32Array) => images.map((pixel) => low + scale * pixel);
  const scaled = <Answer extends { readonly gradient: Float32Array }>(answer: Answer): Answer => ({
    ...answer,
    gradient: answer.gradient.map((value) => scale * value),
  });
  return {
    ...model,
    logits: (images: Float32Array, count: number) => model.logits(own(images), count),
    ...("scoreGradient" in model && {
      lossAndGradient: async (images: Float32Array, labels: Int32Array, count: number) =>
        scaled(await model.lossAndGradient(own(images), labels, count)),
      scoreGradient: async (images: Float32Array, weights: Float32Array, count: number) =>
        scaled(await model.scoreGradient(own(images), weights, count)),
    }),
  };
}
