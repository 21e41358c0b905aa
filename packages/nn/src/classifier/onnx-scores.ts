import { importOnnx, ModelError, type Runtime } from "@reprise/engine";
import { type Classifier, predictedLabel } from "./classifier.ts";
import { type ImageFormat, modelInput } from "./model-input.ts";
import type { OnnxClassifierOptions } from "./onnx-classifier.ts";

/** A classifier that gives scores only; release it when done. */
export interface OnnxScores extends Classifier {
  release(): Promise<void>;
}

/**
 * Any ONNX classifier that runs, whatever its operators: scores without gradients, for the attacks that need none. The
 * model runs as it is; layout, channel order, mean and standard deviation are applied to the images before. Of outputs
 * that are probabilities the logarithm is taken, which has the same softmax.
 *
 * @throws ModelError for bytes that are no ONNX model, or a model that is no classifier of images
 */
export async function onnxScores(
  runtime: Runtime,
  bytes: Uint8Array,
  options: Omit<OnnxClassifierOptions, "sharpness"> = {},
): Promise<OnnxScores> {
  const { name = "model", range = [0, 1] } = options;
  const model = importOnnx(bytes, { name });
  const { input, inputShape, fixedBatch, nhwc } = modelInput(model, name, options);
  const names = model.outputs.map((output) => output.name);
  const output = options.output ?? names[0]!;
  if (!names.includes(output))
    throw new ModelError(`${name}: it has no output "${output}"; its outputs are ${names.join(", ")}.`);
  if (options.output === undefined && names.length !== 1)
    throw new ModelError(
      `${name}: it has ${names.length} outputs (${names.join(", ")}); say which holds the logits by the option "output".`,
    );
  const session = await runtime.load(bytes, { purpose: "infer" }).catch((cause: unknown) => {
    throw new ModelError(`${name}: it does not load: ${(cause as Error).message}`, { cause });
  });
  const n = inputShape.reduce((a, b) => a * b, 1);
  const own = nhwc ? [inputShape[1]!, inputShape[2]!, inputShape[0]!] : inputShape;
  const step = fixedBatch ?? (n <= 20_000 ? 128 : 4);

  const raw = async (images: Float32Array, count: number) => {
    const rows = fixedBatch ?? count;
    const data = new Float32Array(rows * n);
    data.set(forModel(images, count, inputShape, options, nhwc));
    const answer = (
      await session.run({ [input]: { dtype: "float32", shape: [rows, ...own], data } }, { fetch: [output] })
    )[output]!;
    return { shape: answer.shape, scores: answer.data as Float32Array };
  };

  const grey = await raw(new Float32Array(n).fill((range[0] + range[1]) / 2), 1);
  const [rows, classes = 0, ...rest] = grey.shape;
  if (rows !== (fixedBatch ?? 1) || classes < 2 || rest.some((dim) => dim !== 1))
    throw new ModelError(
      `${name}: its output "${output}" is [${grey.shape.join(", ")}] for one image; expected the scores of a ` +
        "classifier, [N, K] with K ≥ 2.",
    );
  const first = grey.scores.slice(0, classes);
  if (predictedLabel(first) < 0) throw new ModelError(`${name}: its output for a grey image is NaN.`);
  const sum = first.reduce((a, b) => a + b, 0);
  const probabilities =
    options.scores === "probabilities" ||
    (options.scores === undefined && first.every((p) => p >= 0 && p <= 1) && Math.abs(sum - 1) < 1e-4);

  return {
    inputShape,
    classes,
    async logits(images, count) {
      const out = new Float32Array(count * classes);
      for (let row = 0; row < count; row += step) {
        const used = Math.min(step, count - row);
        const { scores } = await raw(images.subarray(row * n, (row + used) * n), used);
        out.set(scores.subarray(0, used * classes), row * classes);
      }
      return probabilities ? out.map((p) => Math.log(Math.max(p, 1e-30))) : out;
    },
    release: () => session.release(),
  };
}

/** Images [count, C, H, W] in the user's units as the model takes them. */
function forModel(
  images: Float32Array,
  count: number,
  inputShape: readonly number[],
  { mean, std, channelOrder }: ImageFormat,
  nhwc: boolean,
): Float32Array {
  if (!mean && !std && channelOrder !== "bgr" && !nhwc) return images.subarray(0, images.length);
  const [channels, height, width] = inputShape as [number, number, number];
  const plane = height * width;
  const out = new Float32Array(images.length);
  for (let row = 0; row < count; row++)
    for (let c = 0; c < channels; c++) {
      const to = channelOrder === "bgr" ? channels - 1 - c : c;
      for (let p = 0; p < plane; p++) {
        const value = (images[(row * channels + c) * plane + p]! - (mean?.[c] ?? 0)) / (std?.[c] ?? 1);
        out[nhwc ? (row * plane + p) * channels + to : (row * channels + to) * plane + p] = value;
      }
    }
  return out;
}
