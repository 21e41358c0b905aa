// One graph that tries a candidate of every layer at once. A candidate differs from the clean network only after its
// layer, so what comes before is computed once: a value holds the rows of the clean network, and after them the rows of
// each candidate so far, and a later layer's weights see all of these in one call. A flip changes one channel of its
// layer's result, so the next convolution's result is the clean one and what that channel's change adds.
import {
  add,
  concat,
  div,
  Graph,
  mul,
  type Node,
  reduceMean,
  reshape,
  slice,
  softmaxCrossEntropy,
  sqrt,
  sub,
  type Tensor,
  type Value,
} from "@reprise/engine";
import { type Candidate, candidateOf, type LayerChange, planesOf, singleChannel } from "./candidate.ts";
import type { Added, Dense, OneChannel, Rows, Still } from "./candidate-rows.ts";
import { checkRowWise, keepsChannels } from "./row-wise.ts";
import { type ScaledConvolution, type ScaledConvolutions, scaledConvolutions } from "./scaled-convolutions.ts";

/**
 * The losses of all candidates as one graph.
 *
 * @param plain    inputs `images` [N, …] and the weights in the order of layers; output `logits` [N, K]
 * @param weights  the clean weights, by layer
 * @param changes  at most one candidate of each layer
 * @param weighted whether images count by a third input, `weights` float32 [N]
 * @returns inputs `images`, `targets` int64 [N]; output `losses` [layers + 1]: the mean cross-entropy of the clean
 *          network, then with each layer's candidate; that of the clean network where a layer has none
 * @throws  MixedRowsError naming the first node whose rows may depend on each other
 */
export function candidateGraph(
  plain: Graph,
  weights: readonly Float32Array[],
  changes: readonly LayerChange[],
  { weighted = false } = {},
): Graph {
  return new CandidateGraph(plain, weights, changes).build(weighted);
}

/** Operators that are quicker on all rows at once. */
const products = new Set(["MatMul", "Gemm", "Einsum"]);

class CandidateGraph {
  readonly #plain: Graph;
  readonly #out: Graph;
  readonly #rows: number;
  readonly #batched = new Map<Value, Rows>();
  readonly #still = new Map<Value, Still>();
  /** Weights as they come in, for layers that have a candidate. */
  readonly #candidates = new Map<Value, Candidate>();
  readonly #scaled: ScaledConvolutions;
  readonly #layers: number;

  constructor(plain: Graph, weights: readonly Float32Array[], changes: readonly LayerChange[]) {
    this.#plain = plain;
    this.#out = new Graph(plain.operators);
    const [images, ...inputs] = plain.inputs as [Value, ...Value[]];
    this.#rows = images.shape[0]!;
    this.#layers = inputs.length;
    this.#scaled = scaledConvolutions(plain, images);
    const value = this.#out.input("images", images.dtype, images.shape);
    this.#batched.set(images, { dense: [{ blocks: [0], value }], channels: [] });
    for (const [layer, input] of inputs.entries()) {
      const constant = (data: Float32Array) => this.#out.constant({ dtype: "float32", shape: input.shape, data });
      const change = changes.find((each) => each.layer === layer);
      if (change) this.#candidates.set(input, candidateOf(change, weights[layer]!));
      const changed = weights[layer]!.slice();
      for (const { index, weight } of change?.places ?? []) changed[index] = weight;
      this.#still.set(input, {
        clean: constant(weights[layer]!),
        changed: new Map(change ? [[layer, constant(changed)]] : []),
      });
    }
  }

  build(weighted: boolean): Graph {
    const out = this.#out;
    const targets = out.input("targets", "int64", [this.#rows]);
    for (const node of this.#plain.nodes) this.#add(node);
    const blocks = [...Array(this.#layers + 1).keys()];
    const logits = this.#batched.get(this.#plain.outputs.get("logits")!);
    if (!logits) throw new Error("bit-flip: the logits do not depend on the images");
    const all = (row: Value) =>
      concat(
        blocks.map(() => row),
        0,
      );
    let rows = softmaxCrossEntropy(this.#rowsOf(logits, blocks), all(targets), { reduction: "none" });
    if (weighted) rows = mul(rows, all(out.input("weights", "float32", [this.#rows])));
    out.output("losses", reduceMean(reshape(rows, [blocks.length, this.#rows]), { axes: [1] }));
    return out;
  }

  #stillOf(value: Value): Still {
    let found = this.#still.get(value);
    if (!found) {
      found = { clean: this.#out.constant(value.constant as Tensor, value.dtype, value.name), changed: new Map() };
      this.#still.set(value, found);
    }
    return found;
  }

  #add(given: Node): void {
    if (this.#scaled.merged.has(given)) return;
    const scaled = this.#scaled.byLast.get(given);
    const node = scaled ? this.#scaledNode(scaled, given) : given;
    const moving = node.inputs.filter((input) => input !== null && this.#batched.has(input)) as Value[];
    if (moving.length === 0) {
      this.#addStill(node);
      return;
    }
    checkRowWise(node, this.#rows, (value) => this.#batched.has(value));
    const made: Dense[][] = node.outputs.map(() => []);
    const channels: OneChannel[] = [];
    const added: Added[] = [];
    const own: { layer: number; channel: number }[] = [];
    const done = new Set<number>();
    const dense = (blocks: readonly number[], values: readonly Value[]) => {
      for (const [i, value] of values.entries()) made[i]!.push({ blocks, value });
    };
    // Candidates of this node's own weights.
    const layers = new Set(
      node.inputs.flatMap((input) =>
        input === null || this.#batched.has(input) ? [] : [...this.#stillOf(input).changed.keys()],
      ),
    );
    for (const layer of layers) {
      done.add(layer + 1);
      const channel = this.#ownChannel(node, layer);
      if (channel !== undefined) own.push({ layer, channel });
      else dense([layer + 1], this.#apply(node, [layer + 1], layer));
    }
    // Blocks that differ from the clean network in one channel.
    for (const { block, channel } of moving.flatMap((input) => this.#batched.get(input)!.channels)) {
      if (done.has(block)) continue;
      const found = this.#throughChannel(node, block, channel);
      if (!found) continue;
      done.add(block);
      if ("channel" in found) channels.push(found);
      else added.push(found);
    }
    for (const group of this.#groups(node, moving)) {
      const blocks = group.filter((block) => !done.has(block));
      if (blocks.length > 0) dense(blocks, this.#apply(node, blocks));
    }
    if (added.length + own.length > 0) {
      const clean = this.#rowsOf({ dense: made[0]!, channels: [] }, [0]);
      for (const { block, more } of added) dense([block], [add(clean, more)]);
      for (const { layer, channel } of own)
        channels.push({ block: layer + 1, channel, value: this.#changedChannel(node, channel, clean) });
    }
    for (const [i, output] of node.outputs.entries())
      this.#batched.set(output, {
        dense: made[i]!,
        channels: i === 0 ? channels.map((each) => this.#checked(each, output)) : [],
      });
  }

  #checked(each: OneChannel, output: Value): OneChannel {
    const expected = [this.#rows, 1, ...output.shape.slice(2)];
    if (expected.some((dim, i) => dim !== each.value.shape[i]))
      throw new Error(`bit-flip: a channel is [${each.value.shape}], expected [${expected}]`);
    return each;
  }

  /** The convolution with scale and shift in its weights and bias, giving what the last of the merged nodes gives. */
  #scaledNode(scaled: ScaledConvolution, { outputs }: Node): Node {
    const { conv } = scaled;
    const { scale, shift } = this.#scaleAndShift(scaled);
    const [x, w, bias] = conv.inputs as readonly [Value, Value, Value | null | undefined];
    const K = w.shape[0]!;
    const column = [K, ...w.shape.slice(1).map(() => 1)];
    const factor = scale && reshape(scale, column);
    const { clean, changed } = this.#stillOf(w);
    const times = (value: Value) => (factor ? mul(value, factor) : value);
    const stand = new Graph(this.#plain.operators);
    const weights = factor ? stand.input("scaled weights", w.dtype, w.shape) : w;
    if (factor) {
      const candidate = this.#candidates.get(w);
      if (candidate) this.#candidates.set(weights, { ...candidate, scale: factor });
      // Then its weights as a whole are not needed.
      const apart = candidate && singleChannel(candidate, w) !== undefined && this.#scaled.readersOf(w) === 1;
      this.#still.set(weights, {
        clean: times(clean),
        changed: new Map([...changed].map(([layer, value]) => [layer, apart ? value : times(value)])),
      });
    }
    const own = bias ? this.#stillOf(bias).clean : undefined;
    const scaledBias = own && (factor ? mul(own, reshape(factor, [K])) : own);
    const moved = shift && reshape(shift, [K]);
    const sum = scaledBias && moved ? add(scaledBias, moved) : (moved ?? scaledBias);
    const biases = sum && stand.input("scaled bias", w.dtype, [K]);
    if (biases) this.#still.set(biases, { clean: sum, changed: new Map() });
    return { ...conv, inputs: biases ? [x, weights, biases] : [x, weights], outputs };
  }

  #scaleAndShift({ scale, shift, norm }: ScaledConvolution): { scale: Value | undefined; shift: Value | undefined } {
    const still = (value: Value | undefined) => value && this.#stillOf(value).clean;
    if (!norm) return { scale: still(scale), shift: still(shift) };
    const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((input) => still(input!)!) as [
      ...[Value, Value, Value, Value],
    ];
    const factor = div(gamma, sqrt(add(variance, norm.attrs.epsilon as number)));
    return { scale: factor, shift: sub(beta, mul(mean, factor)) };
  }

  #addStill(node: Node): void {
    const given = node.inputs.map((input) => (input === null ? null : this.#stillOf(input)));
    const make = (pick: (at: Still) => Value) =>
      this.#out.add(
        node.op,
        given.map((at) => at && pick(at)),
        node.attrs,
        node.name,
      );
    const clean = make((at) => at.clean);
    const layers = new Set(given.flatMap((at) => (at ? [...at.changed.keys()] : [])));
    const changed = [...layers].map((layer) => [layer, make((at) => at.changed.get(layer) ?? at.clean)] as const);
    for (const [i, output] of node.outputs.entries())
      this.#still.set(output, {
        clean: clean[i]!,
        changed: new Map(changed.map(([layer, values]) => [layer, values[i]!])),
      });
  }

  /** The node on the rows of some blocks, with the clean weights or those of a layer's candidate. */
  #apply(node: Node, blocks: readonly number[], layer?: number): readonly Value[] {
    const inputs = node.inputs.map((input) => {
      if (input === null) return null;
      const rows = this.#batched.get(input);
      if (rows) return this.#rowsOf(rows, blocks);
      const at = this.#stillOf(input);
      return (layer === undefined ? undefined : at.changed.get(layer)) ?? at.clean;
    });
    const { shape } = node.outputs[0]!;
    const attrs =
      node.op === "Reshape" ? { ...node.attrs, shape: [this.#rows * blocks.length, ...shape.slice(1)] } : node.attrs;
    return this.#out.add(node.op, inputs, attrs, node.name);
  }

  /** Which blocks are computed together: one group for matrix products, else the pieces of the input that has most. */
  #groups({ op }: Node, moving: readonly Value[]): number[][] {
    const sources = moving.map((input) => this.#batched.get(input)!);
    const all = [
      ...new Set(
        sources.flatMap(({ dense, channels }) => [
          ...dense.flatMap(({ blocks }) => blocks),
          ...channels.map(({ block }) => block),
        ]),
      ),
    ];
    // Convolutions stay apart: joining their rows would bring them out of ONNX Runtime's blocks of channels and back.
    if (op.startsWith("Conv")) return all.map((block) => [block]);
    if (products.has(op)) return [all];
    const [finest] = [...sources].sort((a, b) => b.dense.length - a.dense.length);
    const groups = finest!.dense.map(({ blocks }) => [...blocks]);
    const rest = all.filter((block) => !groups.some((blocks) => blocks.includes(block)));
    return rest.length > 0 ? [...groups, rest] : groups;
  }

  /** The rows of these blocks, in this order; a block that is not there is still as the clean network. */
  #rowsOf({ dense, channels }: Rows, blocks: readonly number[]): Value {
    const runs: { value: Value; from: number; to: number }[] = [];
    for (const block of blocks) {
      const channel = channels.find((each) => each.block === block);
      if (channel) {
        runs.push({ value: this.#whole(channel, this.#rowsOf({ dense, channels }, [0])), from: 0, to: 1 });
        continue;
      }
      const of = dense.some(({ blocks }) => blocks.includes(block)) ? block : 0;
      const piece = dense.find(({ blocks }) => blocks.includes(of))!;
      const at = piece.blocks.indexOf(of);
      const last = runs.at(-1);
      if (last && last.value === piece.value && last.to === at) last.to++;
      else runs.push({ value: piece.value, from: at, to: at + 1 });
    }
    const rows = this.#rows;
    const parts = runs.map(({ value, from, to }) => slice(value, [{ axis: 0, start: from * rows, end: to * rows }]));
    return concat(parts, 0);
  }

  /** All channels of a block that differs in one. */
  #whole({ channel, value }: OneChannel, clean: Value): Value {
    const C = clean.shape[1]!;
    const before = channel > 0 ? [slice(clean, [{ axis: 1, start: 0, end: channel }])] : [];
    const after = channel < C - 1 ? [slice(clean, [{ axis: 1, start: channel + 1, end: C }])] : [];
    return concat([...before, value, ...after], 1);
  }

  /** One channel of the clean rows. */
  #cleanChannel(rows: Rows, channel: number): Value {
    return channelOf(this.#rowsOf(rows, [0]), 1, channel);
  }

  /** The output channel that all changes of a layer's candidate belong to, where there is one. */
  #ownChannel(node: Node, layer: number): number | undefined {
    const [x, w] = node.inputs as readonly [Value, Value];
    const change = this.#candidates.get(w);
    const rows = this.#batched.get(x);
    if (node.op !== "Conv" || change?.layer !== layer || !rows) return undefined;
    const input = [...rows.dense.flatMap(({ blocks }) => blocks), ...rows.channels.map(({ block }) => block)];
    if (input.includes(layer + 1)) return undefined; // the same weights were used before
    return singleChannel(change, w);
  }

  /** That channel: the clean one, and what the changes add, one plane of the kernel for each input channel with changes. */
  #changedChannel(node: Node, channel: number, clean: Value): Value {
    const [x, w] = node.inputs as readonly [Value, Value];
    const [K, C, ...kernel] = w.shape as [number, number, ...number[]];
    const candidate = this.#candidates.get(w)!;
    const first = Math.floor(channel / (K / groupsOf(node))) * C;
    const seen = this.#rowsOf(this.#batched.get(x)!, [0]);
    let value = channelOf(clean, 1, channel);
    for (const [c, data] of planesOf(candidate, w)) {
      let plane = this.#out.constant({ dtype: "float32", shape: [1, 1, ...kernel], data });
      if (candidate.scale) plane = mul(plane, channelOf(candidate.scale, 0, channel));
      const attrs = { ...node.attrs, group: 1 };
      const [more] = this.#out.add("Conv", [channelOf(seen, 1, first + c), plane], attrs, node.name);
      value = add(value, more!);
    }
    return value;
  }

  /** What becomes of a block that differs in one channel; undefined where all of it has to be computed. */
  #throughChannel(node: Node, block: number, channel: number): OneChannel | Added | undefined {
    const [x] = node.inputs as readonly [Value];
    const sources = node.inputs.map((input) => (input === null ? undefined : this.#batched.get(input)));
    // Another input has this block whole, or differs in another channel.
    for (const rows of sources)
      if (
        rows?.dense.some(({ blocks }) => blocks.includes(block)) ||
        rows?.channels.some((each) => each.block === block && each.channel !== channel)
      )
        return undefined;
    const one = (rows: Rows) =>
      rows.channels.find((each) => each.block === block)?.value ?? this.#cleanChannel(rows, channel);
    if (node.op === "Conv") return this.#throughConv(node, block, channel, one(sources[0]!));
    if (node.op === "Pad" && x.shape.length === 4) {
      const pads = node.attrs.pads as readonly number[];
      if (pads.length !== 8 || pads[4]! < 0) return undefined;
      const [value] = this.#out.add(
        "Pad",
        [one(sources[0]!), ...node.inputs.slice(1).map((input) => input && this.#stillOf(input).clean)],
        { ...node.attrs, pads: pads.map((n, i) => (i % 4 === 1 ? 0 : n)) },
        node.name,
      );
      return { block, channel: channel + pads[1]!, value: value! };
    }
    if (!keepsChannels(node)) return undefined;
    const C = x.shape[1];
    const inputs = node.inputs.map((input, i) => {
      if (input === null) return null;
      const rows = sources[i];
      if (rows) return one(rows);
      const { clean } = this.#stillOf(input);
      // A vector of channels (batch normalisation), or an array that is broadcast against [N, C, …].
      const axis = node.op === "BatchNormalization" ? 0 : clean.shape.length - (x.shape.length - 1);
      return axis >= 0 && clean.shape[axis] === C && C !== 1 ? channelOf(clean, axis, channel) : clean;
    });
    const [value] = this.#out.add(node.op, inputs, node.attrs, node.name);
    return { block, channel, value: value! };
  }

  #throughConv(node: Node, block: number, channel: number, changed: Value): OneChannel | Added | undefined {
    const [x, w] = node.inputs as readonly [Value, Value];
    const rows = this.#batched.get(x);
    if (!rows || this.#batched.has(w)) return undefined;
    const weights = this.#stillOf(w).clean;
    const groups = groupsOf(node);
    const C = x.shape[1]!;
    if (groups === C && w.shape[0] === C) {
      const bias = node.inputs[2] ? [channelOf(this.#stillOf(node.inputs[2]).clean, 0, channel)] : [];
      const own = channelOf(weights, 0, channel);
      const [value] = this.#out.add("Conv", [changed, own, ...bias], { ...node.attrs, group: 1 }, node.name);
      return { block, channel, value: value! };
    }
    if (groups !== 1) return undefined;
    const difference = sub(changed, this.#cleanChannel(rows, channel));
    const [more] = this.#out.add("Conv", [difference, channelOf(weights, 1, channel)], node.attrs, node.name);
    return { block, more: more! };
  }
}

const groupsOf = ({ attrs }: Node): number => (attrs.group as number | undefined) ?? 1;

function channelOf(value: Value, axis: number, channel: number): Value {
  return slice(value, [{ axis, start: channel, end: channel + 1 }]);
}
