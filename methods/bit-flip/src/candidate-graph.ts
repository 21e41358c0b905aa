// One graph that tries a candidate of every layer at once. A candidate differs from the clean network only after its
// layer, so what comes before is computed once: a value holds the rows of the clean network, and after them the rows of
// each candidate so far. A later layer's clean weights see all of these in one call.
import {
  concat,
  Graph,
  type Node,
  reduceMean,
  reshape,
  slice,
  softmaxCrossEntropy,
  type Tensor,
  type Value,
} from "@reprise/engine";

/** Rows of some blocks, one after the other: block 0 is the clean network, block i + 1 the candidate of layer i. */
interface Piece {
  readonly value: Value;
  readonly blocks: readonly number[];
}

/** A value that has no rows: as it is, and as it would be with the changed weights of a layer. */
interface Still {
  readonly clean: Value;
  readonly changed: ReadonlyMap<number, Value>;
}

/** Rows are kept in pieces between the operators that do the work, so that ONNX Runtime can fuse what follows them. */
type Rows = readonly Piece[];

/** Where an operator mixes images of a batch, or may do so, candidates cannot share a graph. */
export class MixedRowsError extends Error {
  override name = "MixedRowsError";
}

/**
 * The losses of all candidates as one graph.
 *
 * @param plain    inputs `images` [N, …] and the weights in the order of layers; output `logits` [N, K]
 * @param weights  the clean weights, by layer, which become constants
 * @returns inputs `images`, `targets` int64 [N], `changed0` … in the weights' shapes; output `losses` [layers + 1]: the
 *          mean cross-entropy of the clean network, then with each layer's changed weights in place of its own
 * @throws  MixedRowsError naming the first node whose rows may depend on each other
 */
export function candidateGraph(plain: Graph, weights: readonly Float32Array[]): Graph {
  const [images, ...inputs] = plain.inputs as [Value, ...Value[]];
  const rows = images.shape[0]!;
  const out = new Graph(plain.operators);
  const batched = new Map<Value, Rows>([[images, [{ value: out.input("images", images.dtype, images.shape), blocks: [0] }]]]);
  const targets = out.input("targets", "int64", [rows]);
  const still = new Map<Value, Still>();
  for (const [layer, { shape }] of inputs.entries()) {
    const clean = out.constant({ dtype: "float32", shape, data: weights[layer]! });
    still.set(inputs[layer]!, {
      clean,
      changed: new Map([[layer, out.input(`changed${layer}`, "float32", shape)]]),
    });
  }
  const stillOf = (value: Value): Still => {
    let found = still.get(value);
    if (!found) {
      found = { clean: out.constant(value.constant as Tensor, value.dtype, value.name), changed: new Map() };
      still.set(value, found);
    }
    return found;
  };

  for (const node of plain.nodes) {
    const changedLayers = new Set<number>();
    const given = node.inputs.map((input) => {
      if (!input) return null;
      const pieces = batched.get(input);
      if (pieces) return { pieces };
      const at = stillOf(input);
      for (const layer of at.changed.keys()) changedLayers.add(layer);
      return at;
    });
    const sources = given.filter((each) => each !== null && "pieces" in each).map((each) => each.pieces);
    if (sources.length === 0) {
      const make = (pick: (at: Still) => Value) =>
        out.add(node.op, given.map((at) => at && pick(at as Still)), node.attrs, node.name);
      const clean = make((at) => at.clean);
      const changed = [...changedLayers].map((l) => [l, make((at) => at.changed.get(l) ?? at.clean)] as const);
      for (const [i, output] of node.outputs.entries())
        still.set(output, { clean: clean[i]!, changed: new Map(changed.map(([l, values]) => [l, values[i]!])) });
      continue;
    }
    checkRowWise(node, rows, (value) => batched.has(value));
    /** The node on the rows of some blocks, with the clean or one layer's changed weights. */
    const apply = (blocks: readonly number[], layer?: number) =>
      out.add(
        node.op,
        given.map((at) => {
          if (at === null) return null;
          if ("pieces" in at) return rowsOf(at.pieces, blocks, rows);
          return (layer === undefined ? undefined : at.changed.get(layer)) ?? at.clean;
        }),
        node.op === "Reshape"
          ? { ...node.attrs, shape: [rows * blocks.length, ...node.outputs[0]!.shape.slice(1)] }
          : node.attrs,
        node.name,
      );
    const own = new Set([...changedLayers].map((layer) => layer + 1));
    const groups = groupsOf(sources, heavy.has(node.op))
      .map((blocks) => blocks.filter((block) => !own.has(block)))
      .filter((blocks) => blocks.length > 0);
    const made = [
      ...groups.map((blocks) => ({ blocks, values: apply(blocks) })),
      ...[...changedLayers].map((layer) => ({ blocks: [layer + 1], values: apply([layer + 1], layer) })),
    ];
    for (const [i, output] of node.outputs.entries())
      batched.set(output, made.map(({ blocks, values }) => ({ blocks, value: values[i]! })));
  }

  const all = [0, ...inputs.keys().map((layer) => layer + 1)];
  const pieces = batched.get(plain.outputs.get("logits")!);
  if (!pieces) throw new MixedRowsError("The logits do not depend on the images.");
  const logits = rowsOf(pieces, all, rows);
  const labels = concat(all.map(() => targets), 0);
  const losses = reshape(softmaxCrossEntropy(logits, labels, { reduction: "none" }), [all.length, rows]);
  out.output("losses", reduceMean(losses, { axes: [1] }));
  return out;
}

/** Operators whose work is worth joining the pieces for. */
const heavy = new Set(["Conv", "ConvTranspose", "MatMul", "Gemm", "Einsum"]);

/** Which blocks are computed together: one group for heavy work, else the pieces of the input that has most. */
function groupsOf(sources: readonly Rows[], joined: boolean): number[][] {
  const all = [...new Set(sources.flatMap((pieces) => pieces.flatMap(({ blocks }) => blocks)))];
  if (joined) return [all];
  const [finest] = [...sources].sort((a, b) => b.length - a.length);
  const groups = finest!.map(({ blocks }) => [...blocks]);
  const rest = all.filter((block) => !groups.some((blocks) => blocks.includes(block)));
  return rest.length > 0 ? [...groups, rest] : groups;
}

/** The rows of these blocks, in this order; a block that is not there is still as the clean network. */
function rowsOf(pieces: Rows, blocks: readonly number[], rows: number): Value {
  const runs: { value: Value; from: number; to: number }[] = [];
  for (const block of blocks) {
    const has = (wanted: number) => pieces.find((piece) => piece.blocks.includes(wanted));
    const piece = has(block) ?? has(0)!;
    const at = piece.blocks.indexOf(has(block) ? block : 0);
    const last = runs.at(-1);
    if (last && last.value === piece.value && last.to === at) last.to++;
    else runs.push({ value: piece.value, from: at, to: at + 1 });
  }
  const parts = runs.map(({ value, from, to }) => slice(value, [{ axis: 0, start: from * rows, end: to * rows }]));
  return concat(parts, 0);
}

const perElement = new Set([
  ...["Abs", "Cast", "Ceil", "Clip", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity"],
  ...["LeakyRelu", "Log", "Mish", "Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus"],
  ...["Softsign", "Sqrt", "Tanh", "ThresholdedRelu", "QuantizeLinear", "DequantizeLinear"],
]);
const perElementOfTwo = new Set(["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu", "Where", "Greater", "Less"]);
const perImage = new Set([
  ...["Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "LRN"],
  ...["BatchNormalization", "InstanceNormalization", "GroupNormalization", "DepthToSpace", "SpaceToDepth"],
]);

/** @throws MixedRowsError unless a row of the result is a function of the same row of each batched input */
function checkRowWise(node: Node, rows: number, isBatched: (value: Value) => boolean): void {
  const { op, inputs, outputs, attrs } = node;
  const refuse = (): never => {
    throw new MixedRowsError(`Operator "${op}" (node "${node.name ?? ""}") may mix the images of a batch.`);
  };
  const moving = inputs.filter((input) => input !== null && isBatched(input)) as Value[];
  if ([...moving, ...outputs].some(({ shape }) => shape[0] !== rows)) refuse();
  const rank = outputs[0]!.shape.length;
  const axes = (attrs.axes ?? [attrs.axis ?? -1]) as readonly number[];
  const awayFromRows = () => axes.every((axis) => (axis < 0 ? axis + moving[0]!.shape.length : axis) > 0);
  const onlyFirst = moving.length === 1 && moving[0] === inputs[0];
  if (perElement.has(op) || perImage.has(op)) {
    if (!onlyFirst) refuse();
  } else if (perElementOfTwo.has(op)) {
    if (moving.some(({ shape }) => shape.length !== rank)) refuse();
    if (inputs.some((input) => input && !isBatched(input) && input.shape.length === rank && input.shape[0] !== 1))
      refuse();
  } else if (op === "Gemm") {
    if (!onlyFirst || attrs.transA || (inputs[2] && inputs[2].shape.length > 1 && inputs[2].shape[0] !== 1)) refuse();
  } else if (op === "MatMul") {
    const [a, b] = inputs as [Value, Value];
    if (moving.length === 2 ? Math.min(a.shape.length, b.shape.length) < 3 : !onlyFirst || b.shape.length > 2) refuse();
  } else if (op === "Reshape" || op === "Flatten" || op === "Squeeze" || op === "Unsqueeze") {
    if (!onlyFirst) refuse(); // the first axis stays, so rows stay together
  } else if (op === "Transpose") {
    if ((attrs.perm as readonly number[])[0] !== 0) refuse();
  } else if (op === "Concat") {
    if (moving.length !== inputs.length || !awayFromRows()) refuse();
  } else if (/^(Reduce\w+|ArgMax|Softmax|LogSoftmax|LayerNormalization|Slice|Split)$/.test(op)) {
    if (!onlyFirst || !awayFromRows()) refuse();
  } else if (op === "Pad") {
    const pads = attrs.pads as readonly number[] | undefined;
    if (!onlyFirst || !pads || pads[0] !== 0 || pads[pads.length / 2] !== 0) refuse();
  } else refuse();
}
