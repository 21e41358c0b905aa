import {
  cast,
  compile,
  concat,
  declaredFloat32,
  div,
  gather,
  gradient,
  importOnnx,
  log,
  ModelError,
  max,
  mul,
  type OnnxModel,
  oneHot,
  onnxInterface,
  type Runtime,
  reduceMax,
  reduceSum,
  reshape,
  softmaxCrossEntropy,
  sub,
  tensor,
  transpose,
  type Value,
} from "@reprise/engine";
import { type ScoreDifferentiable, softmax } from "./classifier.ts";
import { type ImageFormat, type ModelInput, ModelOptionError, modelInput } from "./model-input.ts";
import { scoresOutput } from "./scores-output.ts";

export interface OnnxClassifierOptions extends ImageFormat {
  /** What error messages call the model, e.g. its file name. */
  readonly name?: string;
  /** Which output holds the logits, where the model has several. */
  readonly output?: string;
  /** What the output holds, where it cannot be told from the graph. Of probabilities the logarithm is taken. */
  readonly scores?: "logits" | "probabilities";
  /**
   * What `lossAndGradient` gives: cross-entropy, or the margin by which the label misses, max over other labels of z − z_label,
   * which is below 0 where the label leads, and whose penalty's minimum is the smallest perturbation where z is linear.
   */
  readonly loss?: "crossEntropy" | "margin";
  /**
   * β of the cross-entropy that is differentiated, cross-entropy(β·logits) / β. At 1 it is the paper's; the larger, the closer the
   * loss is to the margin between the target and its nearest rival, which is what the constraint is about, and the closer
   * the penalty's minimum to the smallest perturbation.
   */
  readonly sharpness?: number;
  /**
   * Rows that one run of the model takes, ascending; a call is padded to the next of them. Multiples of 16 keep a row's
   * result the same to the bit at any place in any of them. Images of 20,000 values or more run one by one unless told
   * otherwise: they gain nothing by company (ResNet-18 at 224²: 45 to 54 ms a row in batches of 1, 2 and 4).
   */
  readonly batchSizes?: readonly number[];
}

/** A classifier that holds sessions; release it when done. */
export interface OnnxClassifier extends ScoreDifferentiable {
  release(): Promise<void>;
}

/**
 * An ONNX classifier with the gradient of its loss in the image: one input of images [N, …], one output [N, K] of logits, or
 * [N, 1] of one score z, which becomes the two scores 0 and z.
 * Images are [C, H, W] in the user's units whatever the model takes: layout, channel order, mean and standard deviation
 * are folded in front of it.
 * Weights are constants of the graph, so that the runtime folds and prepacks them. Where the model ends in a softmax,
 * the scores before it are taken.
 *
 * A model that takes one image at a time, though it does not say so, is given one at a time.
 *
 * @throws ModelError for bytes that are not an ONNX model, several inputs or outputs, shapes that no classifier has,
 *         operators without a gradient, weights that are NaN, or probabilities that cannot be traced to logits
 */
export async function onnxClassifier(
  runtime: Runtime,
  bytes: Uint8Array,
  options: OnnxClassifierOptions = {},
): Promise<OnnxClassifier> {
  const { name = "model", sharpness = 2, loss: kind = "crossEntropy" } = options;
  if (!(sharpness > 0 && sharpness < Infinity))
    throw new RangeError(`onnxClassifier: sharpness is ${sharpness}, expected a number above 0.`);
  const file = onnxInterface(bytes, { name });
  const what = modelInput(file, name, options);
  const { input, inputShape, fixedBatch } = what;
  const { output } = scoresOutput(file, name, options.output);
  const model = importOnnx(what.dtype === "uint8" ? declaredFloat32(bytes, input) : bytes, { name });
  const [unknown] = model.unknown;
  if (unknown)
    throw new NoGradientError(
      `${name}: operator "${unknown.op}" (node "${unknown.node}") is not supported for gradients.`,
    );
  checkWeights(model, name);
  const n = inputShape.reduce((a, b) => a * b, 1);

  const logitsOf = (images: Value): Value => {
    const prepared = preprocessed(images, options, what);
    return logitsOfOutput(model, name, { output, input, images: prepared, scores: options.scores });
  };
  const forward = compile(runtime, ({ images }: { readonly images: Value }) => ({ logits: logitsOf(images) }), {
    purpose: "infer",
  });
  const backward = compile(
    runtime,
    ({ images, labels }: { readonly images: Value; readonly labels: Value }) => {
      const logits = logitsOf(images);
      const of = kind === "margin" ? marginLoss : sharpCrossEntropy(sharpness);
      const loss = of(logits, cast(labels, "int64"));
      const dx = gradient(reduceSum(loss), [images])[0]!;
      checkDepends(dx, [images, labels], name);
      return { logits, loss, gradient: dx };
    },
    { purpose: "infer" },
  );

  const weighted = compile(
    runtime,
    ({ images, weights }: { readonly images: Value; readonly weights: Value }) => {
      const logits = logitsOf(images);
      const dx = gradient(reduceSum(mul(logits, weights)), [images])[0]!;
      checkDepends(dx, [images, weights], name);
      return { logits, gradient: dx };
    },
    { purpose: "infer" },
  );

  const { range = [0, 1] } = options;
  const greyOf = (rows: number) => new Float32Array(rows * n).fill((range[0] + range[1]) / 2);
  const probeOf = async (rows: number) => (await forward.run({ images: imagesTensor(greyOf(rows), rows) })).logits;
  let batchSizes = fixedBatch ? [fixedBatch] : (options.batchSizes ?? (n <= 20_000 ? [16, 32] : [1]));
  let probe: Awaited<ReturnType<typeof probeOf>>;
  try {
    probe = await probeOf(batchSizes[0]!);
  } catch (error) {
    // A batch that is fixed inside the graph, as by a Reshape, is not said by the input.
    const one = fixedBatch || batchSizes[0] === 1 ? undefined : await probeOf(1).catch(() => undefined);
    if (!one) throw error;
    batchSizes = [1];
    probe = one;
  }
  const classes = probe.shape[1]!;
  checkLogits(probe.data as Float32Array, classes, { name, model, told: options.scores !== undefined });

  function imagesTensor(data: Float32Array, rows: number) {
    return { dtype: "float32", shape: [rows, ...inputShape], data } as const;
  }
  type Chunk = { row: number; rows: number; used: number; images: ReturnType<typeof imagesTensor> };
  /** The images in pieces of the batch sizes, the last one padded with zeros. */
  const chunksOf = function* (images: Float32Array, count: number): Generator<Chunk> {
    for (let row = 0; row < count; ) {
      const left = count - row;
      const rows = batchSizes.find((size) => size >= left) ?? batchSizes.at(-1)!;
      const used = Math.min(rows, left);
      let data = images.subarray(row * n, (row + used) * n);
      if (used < rows) {
        const padded = new Float32Array(rows * n);
        padded.set(data);
        data = padded;
      } else if (data.byteLength < data.buffer.byteLength) data = data.slice(); // a view would take all images to a worker
      yield { row, rows, used, images: imagesTensor(data, rows) };
      row += used;
    }
  };

  const runBackward = async ({ rows, used, images }: Chunk, labels: Int32Array) => {
    const padded = new Int32Array(rows);
    padded.set(labels);
    const answer = await backward.run({ images, labels: { dtype: "int32", shape: [rows], data: padded } });
    return {
      loss: (answer.loss.data as Float32Array).subarray(0, used),
      gradient: (answer.gradient.data as Float32Array).subarray(0, used * n),
      logits: (answer.logits.data as Float32Array).subarray(0, used * classes),
    };
  };

  return {
    inputShape,
    classes,
    async logits(images, count) {
      const out = new Float32Array(count * classes);
      for (const chunk of chunksOf(images, count)) {
        const { logits } = await forward.run({ images: chunk.images });
        out.set((logits.data as Float32Array).subarray(0, chunk.used * classes), chunk.row * classes);
      }
      return out;
    },
    async lossAndGradient(images, labels, count) {
      const chunks = [...chunksOf(images, count)];
      if (chunks.length === 1) return runBackward(chunks[0]!, labels.subarray(0, count));
      const loss = new Float32Array(count);
      const gradients = new Float32Array(count * n);
      const logits = new Float32Array(count * classes);
      for (const chunk of chunks) {
        const { row, used } = chunk;
        const answer = await runBackward(chunk, labels.subarray(row, row + used));
        loss.set(answer.loss, row);
        gradients.set(answer.gradient, row * n);
        logits.set(answer.logits, row * classes);
      }
      return { loss, gradient: gradients, logits };
    },
    async scoreGradient(images, weights, count) {
      const gradients = new Float32Array(count * n);
      const logits = new Float32Array(count * classes);
      for (const { row, rows, used, images: padded } of chunksOf(images, count)) {
        const data = new Float32Array(rows * classes);
        data.set(weights.subarray(row * classes, (row + used) * classes));
        const answer = await weighted.run({
          images: padded,
          weights: { dtype: "float32", shape: [rows, classes], data },
        });
        gradients.set((answer.gradient.data as Float32Array).subarray(0, used * n), row * n);
        logits.set((answer.logits.data as Float32Array).subarray(0, used * classes), row * classes);
      }
      return { gradient: gradients, logits };
    },
    async release() {
      await Promise.all([forward.release(), backward.release(), weighted.release()]);
    },
  };
}

type RowLoss = (logits: Value, labels: Value) => Value;

/** cross-entropy(β·logits) / β, [N]. */
const sharpCrossEntropy =
  (beta: number): RowLoss =>
  (logits, labels) =>
    div(softmaxCrossEntropy(mul(logits, beta), labels, { reduction: "none" }), beta);

/** max over k ≠ label of z_k, minus z_label, [N]. */
const marginLoss: RowLoss = (logits, labels) => {
  const own = oneHot(labels, logits.shape[1]!, "float32");
  const rival = reduceMax(sub(logits, mul(own, 1e30)), { axes: [1] });
  return sub(rival, reduceSum(mul(logits, own), { axes: [1] }));
};

/** Images [N, C, H, W] in the user's units as the model takes them. */
function preprocessed(
  images: Value,
  { mean, std, channelOrder, range: [low, high] = [0, 1] }: ImageFormat,
  { nhwc, dtype }: ModelInput,
): Value {
  const perChannel = (values: readonly number[]) =>
    images.graph.constant(tensor("float32", [values.length, 1, 1], Float32Array.from(values)));
  let value = images;
  if (mean) value = sub(value, perChannel(mean));
  if (std) value = div(value, perChannel(std));
  if (channelOrder === "bgr")
    value = gather(value, images.graph.constant(tensor("int64", [3], [2, 1, 0])), { axis: 1 });
  if (dtype === "uint8") value = mul(sub(value, low), 255 / (high - low)); // not rounded, so that there is a gradient
  if (nhwc) value = transpose(value, [0, 2, 3, 1]);
  return dtype === "float64" ? cast(value, "float64") : value;
}

interface Applied {
  readonly output: string;
  readonly input: string;
  /** As the model takes them. */
  readonly images: Value;
  readonly scores: OnnxClassifierOptions["scores"];
}

/** Logits [N, K]: the output, or what goes into its softmax or sigmoid; of one score z the two scores 0 and z. */
function logitsOfOutput(model: OnnxModel, name: string, { output, input, images, scores }: Applied): Value {
  let value = model.apply({ [input]: images })[output]!;
  // Heads that end in a pooling leave [N, K, 1, 1].
  if (value.shape.length > 2 && value.shape.slice(2).every((dim) => dim === 1))
    value = reshape(value, value.shape.slice(0, 2));
  if (value.shape.length === 1) value = reshape(value, [value.shape[0]!, 1]);
  const [rows, classes = 0] = value.shape;
  if (value.shape.length === 4)
    throw new ModelError(
      `${name}: its output "${output}" is [${value.shape.join(", ")}], scores for every pixel as of a segmentation model; ` +
        "expected one row of scores an image, [N, K].",
    );
  if (value.shape.length !== 2 || rows !== images.shape[0] || classes < 1)
    throw new ModelError(
      `${name}: its output "${output}" is [${value.shape.join(", ")}] for a batch of ${images.shape[0]}; ` +
        "expected the scores of a classifier, [N, K].",
    );
  const before = beforeProbabilities(value, classes === 1 ? "Sigmoid" : "Softmax");
  let logits = before ?? (scores === "probabilities" ? logarithm(value) : value);
  if (logits.dtype !== "float32") logits = cast(logits, "float32");
  if (classes > 1) return logits;
  const score = reshape(logits, [images.shape[0]!, 1]);
  return concat([mul(score, 0), score], 1);
}

/** What goes into the function that makes probabilities, where the value comes from it and is only brought into form. */
function beforeProbabilities(value: Value, maker: "Softmax" | "Sigmoid"): Value | undefined {
  let before: Value | undefined;
  const count = value.shape.reduce((a, b) => a * b, 1);
  for (let at: Value | null | undefined = value; at?.node; at = at.node.inputs[0]) {
    const { op, inputs } = at.node;
    if (op === maker) before = inputs[0] ?? undefined;
    else if (op !== "Identity" && op !== "Cast" && op !== "Reshape") break;
    else if (inputs[0]?.shape.reduce((a, b) => a * b, 1) !== count || !inputs[0].dtype.startsWith("float")) break;
  }
  return before && before.shape.join() !== value.shape.join() ? reshape(before, value.shape) : before;
}

/** log p of each, or, of one probability, log p/(1 − p). */
function logarithm(p: Value): Value {
  const low = log(max(p, 1e-30));
  return p.shape[1] === 1 ? sub(low, log(max(sub(1, p), 1e-30))) : low;
}

/** The scores of a model have no gradient in its images: what needs scores only can still use `onnxScores`. */
export class NoGradientError extends ModelError {
  /** What stops the gradient, without the advice. */
  readonly problem: string;

  constructor(problem: string) {
    super(
      `${problem} What needs its scores only can still run it (onnxScores), as the attacks Square and HopSkipJump do.`,
    );
    this.problem = problem;
  }
}

/** A gradient that depends on nothing is the zero of a model whose scores the image reaches through no gradient. */
function checkDepends(dx: Value, inputs: readonly Value[], name: string): void {
  const seen = new Set<Value>();
  const stack: (Value | null)[] = [dx];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (!value || seen.has(value)) continue;
    if (inputs.includes(value)) return;
    seen.add(value);
    if (value.node) stack.push(...value.node.inputs);
  }
  const [images] = inputs;
  const reached = new Set<Value | null>([images!]);
  let last = "";
  for (const node of images!.graph.nodes) {
    if (!node.inputs.some((input) => reached.has(input))) continue;
    for (const output of node.outputs) reached.add(output);
    // What comes out as a float carries a gradient; whole numbers and truth values do not.
    if (last === "" && !node.outputs[0]!.dtype.startsWith("float"))
      last = `operator "${node.op}" (node "${node.name ?? node.outputs[0]!.name ?? ""}")`;
  }
  throw new NoGradientError(`${name}: its scores have no gradient in the image: ${last} stops it.`);
}

/** NaN is a broken weight; ±∞ may be a limit or a mask, and is told by what it does to the scores. */
function checkWeights(model: OnnxModel, name: string): void {
  const bad = firstWeight(model, Number.isNaN);
  if (bad)
    throw new ModelError(
      `${name}: ${bad}; expected finite numbers. Was its training stopped by a NaN? Take an earlier checkpoint.`,
    );
}

function firstWeight(model: OnnxModel, is: (value: number) => boolean): string | undefined {
  for (const [weight, { data }] of model.initializers) {
    if (data instanceof BigInt64Array) continue;
    const at = data.findIndex((value: number) => is(value));
    if (at >= 0) return `weight "${weight}" is ${data[at]} at element ${at}`;
  }
  return undefined;
}

interface Checked {
  readonly name: string;
  readonly model: OnnxModel;
  /** Whether the user said what the output holds. */
  readonly told: boolean;
}

/** Rows that lie in [0, 1] and sum to 1 are probabilities. A score of −∞ rules a label out. */
function checkLogits(scores: Float32Array, classes: number, { name, model, told }: Checked): void {
  const row = scores.subarray(0, classes);
  const sum = row.reduce((a, b) => a + b, 0);
  if (!told && row.every((p) => p >= 0 && p <= 1) && Math.abs(sum - 1) < 1e-4)
    throw new ModelOptionError(
      `${name}: its output looks like probabilities (in [0, 1], sum ${sum.toFixed(4)}); expected logits. ` +
        "Export the model without its last softmax, or say that the scores are probabilities, of which the logarithm is taken.",
      "scores",
    );
  if (softmax(row).every((p) => Number.isFinite(p))) return;
  const infinite = firstWeight(model, (value) => !Number.isFinite(value));
  throw new ModelError(
    `${name}: its output for a grey image is not finite (${row.join(", ")})${infinite ? `; ${infinite}` : ""}.`,
  );
}
