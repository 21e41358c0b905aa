// Which operators treat the images of a batch apart, and the channels of an image.
import type { Node, Value } from "@reprise/engine";

/** Where an operator mixes images of a batch, or may do so, candidates cannot share a graph. */
export class MixedRowsError extends Error {
  override name = "MixedRowsError";
}

const perElement = new Set([
  ...["Abs", "Cast", "Ceil", "Clip", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity"],
  ...["LeakyRelu", "Log", "Mish", "Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus"],
  ...["Softsign", "Sqrt", "Tanh", "ThresholdedRelu"],
]);
const perElementOfTwo = new Set(["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu", "Where", "Greater", "Less"]);
const perChannel = new Set(["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization"]);
const perImage = new Set([
  ...["Conv", "ConvTranspose", "LpPool", "LRN", "InstanceNormalization", "GroupNormalization", "DepthToSpace"],
  ...["SpaceToDepth", "QuantizeLinear", "DequantizeLinear"],
]);
const alongAxes = /^(Reduce\w+|ArgMax|Softmax|LogSoftmax|LayerNormalization|Slice|Split)$/;

/** The axes that a node works along, counted from the front. */
function axesOf({ attrs, inputs }: Node): number[] {
  const rank = inputs[0]!.shape.length;
  const axes = (attrs.axes ?? (attrs.axis === undefined ? undefined : [attrs.axis])) as readonly number[] | undefined;
  return axes?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? [];
}

/** Whether a channel (axis 1) of the result is a function of the same channel of what moves. */
export function keepsChannels(node: Node): boolean {
  const { op } = node;
  if (perElement.has(op) || perElementOfTwo.has(op) || perChannel.has(op)) return true;
  const axes = axesOf(node);
  return /^(Reduce\w+|Slice)$/.test(op) && axes.length > 0 && axes.every((axis) => axis > 1);
}

/**
 * @param rows  size of the batch
 * @throws MixedRowsError unless a row of the result is a function of the same row of each batched input
 */
export function checkRowWise(node: Node, rows: number, isBatched: (value: Value) => boolean): void {
  const { op, inputs, outputs, attrs } = node;
  const refuse = (): never => {
    throw new MixedRowsError(`Operator "${op}" (node "${node.name ?? ""}") may mix the images of a batch.`);
  };
  const moving = inputs.filter((input) => input !== null && isBatched(input)) as Value[];
  if ([...moving, ...outputs].some(({ shape }) => shape[0] !== rows)) refuse();
  const rank = outputs[0]!.shape.length;
  const onlyFirst = moving.length === 1 && moving[0] === inputs[0];
  const axes = axesOf(node);
  const awayFromRows = axes.length > 0 && axes.every((axis) => axis > 0);
  if (perElement.has(op) || perChannel.has(op) || perImage.has(op)) {
    if (!onlyFirst) refuse();
  } else if (perElementOfTwo.has(op)) {
    if (moving.some(({ shape }) => shape.length !== rank)) refuse();
    if (inputs.some((input) => input && !isBatched(input) && input.shape.length === rank && input.shape[0] !== 1))
      refuse();
  } else if (op === "Gemm") {
    const c = inputs[2];
    if (!onlyFirst || attrs.transA || (c && c.shape.length > 1 && c.shape[0] !== 1)) refuse();
  } else if (op === "MatMul") {
    const [a, b] = inputs as readonly [Value, Value];
    if (moving.length === 2 ? Math.min(a.shape.length, b.shape.length) < 3 : !onlyFirst || b.shape.length > 2) refuse();
  } else if (op === "Reshape" || op === "Flatten" || op === "Squeeze" || op === "Unsqueeze") {
    if (!onlyFirst) refuse(); // the first axis stays as long as it is, so rows stay together
  } else if (op === "Transpose") {
    if ((attrs.perm as readonly number[])[0] !== 0) refuse();
  } else if (op === "Concat") {
    if (moving.length !== inputs.length || !awayFromRows) refuse();
  } else if (alongAxes.test(op)) {
    if (!onlyFirst || !awayFromRows) refuse();
  } else if (op === "Pad") {
    const pads = attrs.pads as readonly number[] | undefined;
    if (!onlyFirst || !pads || pads[0] !== 0 || pads[pads.length / 2] !== 0) refuse();
  } else refuse();
}
