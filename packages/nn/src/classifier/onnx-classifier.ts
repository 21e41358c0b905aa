import {
  cast,
  compile,
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
import { type ImageFormat, modelInput } from "./model-input.ts";

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
 * An ONNX classifier with the gradient of its loss in the image: one float32 input [N, …], one output [N, K] of logits.
 * Images are [C, H, W] in the user's units whatever the model takes: layout, channel order, mean and standard deviation
 * are folded in front of it.
 * Weights are constants of the graph, so that the runtime folds and prepacks them. Where the model ends in a softmax,
 * the scores before it are taken.
 *
 * @throws ModelError for bytes that are no ONNX model, several inputs or outputs, shapes that are none of a classifier's,
 *         operators without a gradient, weights that are not finite, or probabilities that cannot be traced to logits
 */
export async function onnxClassifier(
  runtime: Runtime,
  bytes: Uint8Array,
  options: OnnxClassifierOptions = {},
): Promise<OnnxClassifier> {
  const { name = "model", sharpness = 2, loss: kind = "crossEntropy" } = options;
  if (!(sharpness > 0 && sharpness < Infinity))
    throw new RangeError(`onnxClassifier: sharpness is ${sharpness}, expected a number above 0.`);
  const model = importOnnx(bytes, { name });
  const [unknown] = model.unknown;
  if (unknown)
    throw new NoGradientError(
      `${name}: operator "${unknown.op}" (node "${unknown.node}") is not supported for gradients.`,
    );
  const { input, inputShape, fixedBatch, nhwc } = modelInput(model, name, options);
  checkWeights(model, name);
  const n = inputShape.reduce((a, b) => a * b, 1);
  const batchSizes = fixedBatch ? [fixedBatch] : (options.batchSizes ?? (n <= 20_000 ? [16, 32] : [1]));

  const logitsOf = (images: Value): Value => {
    const scores = logitsBeforeSoftmax(model, name, options.output, input, preprocessed(images, options, nhwc));
    return options.scores === "probabilities" ? log(max(scores, 1e-30)) : scores;
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

  const smallest = batchSizes[0]!;
  const { range = [0, 1] } = options;
  const grey = new Float32Array(smallest * n).fill((range[0] + range[1]) / 2);
  const probe = (await forward.run({ images: imagesTensor(grey, smallest) })).logits;
  const classes = probe.shape[1]!;
  if (options.scores === undefined) checkLogits(probe.data as Float32Array, classes, name);

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
function preprocessed(images: Value, { mean, std, channelOrder }: ImageFormat, nhwc: boolean): Value {
  const perChannel = (values: readonly number[]) =>
    images.graph.constant(tensor("float32", [values.length, 1, 1], Float32Array.from(values)));
  let value = images;
  if (mean) value = sub(value, perChannel(mean));
  if (std) value = div(value, perChannel(std));
  if (channelOrder === "bgr")
    value = gather(value, images.graph.constant(tensor("int64", [3], [2, 1, 0])), { axis: 1 });
  return nhwc ? transpose(value, [0, 2, 3, 1]) : value;
}

/** The output's value, or what goes into its softmax. */
function logitsBeforeSoftmax(
  model: OnnxModel,
  name: string,
  wanted: string | undefined,
  input: string,
  images: Value,
): Value {
  const outputs = model.apply({ [input]: images });
  const names = Object.keys(outputs);
  if (wanted !== undefined && !outputs[wanted])
    throw new ModelError(`${name}: it has no output "${wanted}"; its outputs are ${names.join(", ")}.`);
  if (wanted === undefined && names.length !== 1)
    throw new ModelError(
      `${name}: it has ${names.length} outputs (${names.join(", ")}); say which holds the logits by the option "output".`,
    );
  const chosen = wanted ?? names[0]!;
  let value = outputs[chosen]!;
  // Heads that end in a pooling leave [N, K, 1, 1].
  if (value.shape.length > 2 && value.shape.slice(2).every((dim) => dim === 1))
    value = reshape(value, value.shape.slice(0, 2));
  if (value.shape.length === 4)
    throw new ModelError(
      `${name}: its output "${chosen}" is [${value.shape.join(", ")}], scores for every pixel as of a segmentation model; ` +
        "expected one row of scores an image, [N, K].",
    );
  if (value.shape.length !== 2 || value.shape[0] !== images.shape[0] || value.shape[1]! < 2)
    throw new ModelError(
      `${name}: its output "${chosen}" is [${value.shape.join(", ")}] for a batch of ${images.shape[0]}; ` +
        "expected the logits of a classifier, [N, K] with K ≥ 2.",
    );
  while (value.node && (value.node.op === "Softmax" || value.node.op === "Identity") && value.node.inputs[0])
    value = value.node.inputs[0];
  return value;
}

/** The scores of a model have no gradient in its images: what needs scores only can still use `onnxScores`. */
export class NoGradientError extends ModelError {
  constructor(problem: string) {
    super(
      `${problem} What needs its scores only can still run it (onnxScores), as the attacks Square and HopSkipJump do.`,
    );
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

function checkWeights(model: OnnxModel, name: string): void {
  for (const [weight, { data }] of model.initializers) {
    if (data instanceof BigInt64Array) continue;
    const bad = data.findIndex((value: number) => !Number.isFinite(value));
    if (bad >= 0)
      throw new ModelError(
        `${name}: weight "${weight}" is ${data[bad]} at element ${bad}; expected finite numbers. ` +
          "Was its training stopped by a NaN? Take an earlier checkpoint.",
      );
  }
}

/** Rows that lie in [0, 1] and sum to 1 are probabilities. */
function checkLogits(scores: Float32Array, classes: number, name: string): void {
  const row = scores.subarray(0, classes);
  const sum = row.reduce((a, b) => a + b, 0);
  if (row.every((p) => p >= 0 && p <= 1) && Math.abs(sum - 1) < 1e-4)
    throw new ModelError(
      `${name}: its output looks like probabilities (in [0, 1], sum ${sum.toFixed(4)}); expected logits. ` +
        'Export the model without its last softmax, or say scores: "probabilities" to take their logarithm.',
    );
  if (!softmax(row).every((p) => Number.isFinite(p)))
    throw new ModelError(`${name}: its output for a grey image is not finite (${row.join(", ")}).`);
}
