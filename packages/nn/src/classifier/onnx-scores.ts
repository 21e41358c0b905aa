import { ModelError, onnxInterface, type Runtime, type Tensor, withFloat32 } from "@reprise/engine";
import type { Classifier } from "./classifier.ts";
import { type ImageFormat, type ModelInput, modelInput } from "./model-input.ts";
import type { OnnxClassifierOptions } from "./onnx-classifier.ts";
import { oddsOf, scoresOutput } from "./scores-output.ts";

/** A classifier that gives scores only; release it when done. */
export interface OnnxScores extends Classifier {
  release(): Promise<void>;
}

/**
 * Any ONNX classifier that runs, whatever its operators and opset: scores without gradients. The model runs as it is; layout,
 * channel order, mean and standard deviation are applied to the images before. Of outputs that are probabilities the
 * logarithm is taken, which has the same softmax; one score z becomes the two scores 0 and z. A model that takes one image
 * at a time, though it does not say so, is given one at a time.
 *
 * @throws ModelError for bytes that are not an ONNX model, or a model that does not classify images
 */
export async function onnxScores(
  runtime: Runtime,
  bytes: Uint8Array,
  options: Omit<OnnxClassifierOptions, "sharpness"> = {},
): Promise<OnnxScores> {
  const { name = "model", range = [0, 1] } = options;
  const file = onnxInterface(bytes, { name });
  const taken = modelInput(file, name, options);
  const { inputShape, fixedBatch, nhwc } = taken;
  const { output, dtype, op } = scoresOutput(file, name, options.output);
  // Runtimes take and give float32; others are cast where they enter and leave the graph.
  const cast = {
    ...(taken.dtype === "float32" ? {} : { input: taken.input }),
    ...(dtype === null || dtype === "float32" ? {} : { output }),
  };
  const model = cast.input || cast.output ? withFloat32(bytes, cast) : bytes;
  const [fed, fetched] = [`${taken.input}${cast.input ? ":float32" : ""}`, `${output}${cast.output ? ":float32" : ""}`];
  const session = await runtime.load(model, { purpose: "infer" }).catch((cause: unknown) => {
    throw new ModelError(`${name}: it does not load: ${inWords(cause)}`, { cause });
  });
  const n = inputShape.reduce((a, b) => a * b, 1);
  const own = nhwc ? [inputShape[1]!, inputShape[2]!, inputShape[0]!] : inputShape;

  const raw = async (images: Float32Array, count: number) => {
    const rows = fixedBatch ?? count;
    const data = new Float32Array(rows * n);
    data.set(forModel(images, count, inputShape, options, taken));
    let answer: Tensor;
    try {
      const feeds = { [fed]: { dtype: "float32", shape: [rows, ...own], data } } as const;
      answer = (await session.run(feeds, { fetch: [fetched] }))[fetched]!;
    } catch (cause) {
      throw new ModelError(`${name}: it does not run on images [${[rows, ...own].join(", ")}]: ${inWords(cause)}`, {
        cause,
      });
    }
    return { shape: answer.shape, scores: answer.data as Float32Array };
  };

  const grey = (count: number) => raw(new Float32Array(count * n).fill((range[0] + range[1]) / 2), count);
  const first = await grey(1);
  const [rows, classes = 1, ...rest] = first.shape;
  if (rows !== (fixedBatch ?? 1) || rest.some((dim) => dim !== 1))
    throw new ModelError(
      `${name}: its output "${output}" is [${first.shape.join(", ")}] for one image; expected the scores of a ` +
        "classifier, [N, K].",
    );
  const scores = first.scores.slice(0, classes);
  if (scores.some(Number.isNaN)) throw new ModelError(`${name}: its output for a grey image is NaN.`);
  const sum = scores.reduce((a, b) => a + b, 0);
  const looksLike =
    classes === 1 ? op === "Sigmoid" : scores.every((p) => p >= 0 && p <= 1) && Math.abs(sum - 1) < 1e-4;
  const probabilities = options.scores === "probabilities" || (options.scores === undefined && looksLike);
  const step = fixedBatch ?? (await largestBatch(n <= 20_000 ? 128 : 4, grey));

  return {
    inputShape,
    classes: Math.max(2, classes),
    async logits(images, count) {
      const out = new Float32Array(count * classes);
      for (let row = 0; row < count; row += step) {
        const used = Math.min(step, count - row);
        const answer = await raw(images.subarray(row * n, (row + used) * n), used);
        out.set(answer.scores.subarray(0, used * classes), row * classes);
      }
      if (classes === 1) return Float32Array.from(Array.from(out, (value) => oddsOf(value, probabilities)).flat());
      return probabilities ? out.map((p) => Math.log(Math.max(p, 1e-30))) : out;
    },
    release: () => session.release(),
  };
}

/** So many images a call, or one where the graph takes no more: a batch that is fixed inside is not said by the input. */
async function largestBatch(
  wanted: number,
  run: (count: number) => Promise<{ readonly shape: readonly number[] }>,
): Promise<number> {
  try {
    return (await run(2)).shape[0] === 2 ? wanted : 1;
  } catch {
    return 1;
  }
}

/** What ONNX Runtime says, without the places in its source and the colours of a terminal. */
export function inWords(cause: unknown): string {
  const said = (cause as Error).message
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with one
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/^.*Status Message:\s*/s, "")
    .replace(/\S*\.(cc|h|cpp):\d+\s+(.*?\)\s+)?/gs, "")
    .split("\n")[0]!
    .trim();
  return said === "" ? "ONNX Runtime gives no reason" : said;
}

/** Images [count, C, H, W] in the user's units as the model takes them. */
function forModel(
  images: Float32Array,
  count: number,
  inputShape: readonly number[],
  { mean, std, channelOrder, range: [low, high] = [0, 1] }: ImageFormat,
  { nhwc, dtype }: ModelInput,
): Float32Array {
  const bytes = dtype === "uint8";
  if (!mean && !std && channelOrder !== "bgr" && !nhwc)
    return bytes ? images.map((v) => Math.round((255 * (v - low)) / (high - low))) : images;
  const [channels, height, width] = inputShape as [number, number, number];
  const plane = height * width;
  const out = new Float32Array(images.length);
  for (let row = 0; row < count; row++)
    for (let c = 0; c < channels; c++) {
      const to = channelOrder === "bgr" ? channels - 1 - c : c;
      for (let p = 0; p < plane; p++) {
        const pixel = images[(row * channels + c) * plane + p]!;
        const value = bytes
          ? Math.round((255 * (pixel - low)) / (high - low))
          : (pixel - (mean?.[c] ?? 0)) / (std?.[c] ?? 1);
        out[nhwc ? (row * plane + p) * channels + to : (row * channels + to) * plane + p] = value;
      }
    }
  return out;
}
