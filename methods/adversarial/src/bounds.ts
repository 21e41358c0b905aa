// Upper bounds on how much each layer can stretch a perturbation, §4.3.
import { Graph, ModelError, type Node, type OnnxModel, operators, type Value } from "@reprise/engine";
import { convolutionNorm, type NormOptions } from "./bounds/convolution.ts";
import { fixedNumbers } from "./bounds/fixed.ts";

export interface LayerBound {
  /** The node's name in the file. */
  readonly name: string;
  readonly op: string;
  /** Shape of its weights. */
  readonly weight: readonly number[];
  readonly stride: number;
  /** Some images, large enough, are stretched by this much. */
  readonly lower: number;
  /** No r is stretched by more: an upper bound of ‖layer(x + r) − layer(x)‖₂ / ‖r‖₂, rounding counted in. */
  readonly bound: number;
}

export interface ModelBounds {
  readonly layers: readonly LayerBound[];
  /** Π bounds: of the whole model, where `chain`, and nothing is left uncounted. */
  readonly product: number;
  /** The same without max pooling, which the paper takes for contractive; where windows overlap it is not. */
  readonly productOfWeights: number;
  /** Whether each value is used once: with branches that meet again the product bounds nothing. */
  readonly chain: boolean;
  /** Operators between the layers that may stretch and are not counted. */
  readonly uncounted: readonly string[];
}

export interface BoundsOptions extends NormOptions {
  /** Called before a layer's weights are looked at: a large one takes minutes. */
  readonly onWork?: (layer: Pick<LayerBound, "name" | "weight">) => void;
  /** A layer and its place in the model; waited for before the next layer. */
  readonly onLayer?: (layer: LayerBound, place: number) => void | Promise<void>;
  /** The layer at a place that is known from a run with the same options that was stopped; it is not looked at again. */
  readonly known?: (place: number) => LayerBound | undefined;
}

const contractive = new Set([
  ..."Relu Clip Sigmoid Tanh MaxPool GlobalAveragePool Flatten Reshape Transpose Identity".split(" "),
  ..."Dropout Softmax LogSoftmax Squeeze Unsqueeze Slice ReduceMean HardSigmoid Cast".split(" "),
]);

/**
 * Operator norms of a model's layers, each between two bounds: of a matrix its largest singular value, of a convolution
 * what `convolutionNorm` says, of scaling, as in batch normalisation, its largest factor, of max pooling √(windows that a value lies in).
 * ReLU and the like do not stretch.
 *
 * A large product does not show that there are adversarial examples; a small one shows that there are none nearby.
 *
 * @param inputShape  one batch as the model takes it, e.g. [1, 3, 224, 224]
 * @throws ModelError if the model has operators that the engine does not know, or weights that are not finite
 * @see Szegedy et al. 2013, §4.3 and Table 5
 */
export async function modelBounds(
  model: OnnxModel,
  inputShape: readonly number[],
  options: BoundsOptions = {},
): Promise<ModelBounds> {
  const { onLayer, known, signal } = options;
  const graph = new Graph(operators);
  const { name } = model.inputs[0]!;
  const outputs = Object.values(model.apply({ [name]: graph.input(name, "float32", inputShape) }));
  // What is computed of weights alone is no layer.
  const nodes = reachable(outputs).filter(({ outputs: [value] }) => !fixedNumbers(value!));
  const layers: LayerBound[] = [];
  const uncounted = new Set<string>();
  for (const [i, node] of nodes.entries()) {
    signal?.throwIfAborted();
    const layer = known?.(i) ?? boundOf(node, options);
    if (layer) {
      layers.push(layer);
      await onLayer?.(layer, i);
    } else if (!isContractive(node) && !isShift(node)) uncounted.add(node.op);
  }
  return {
    layers,
    product: productOf(layers),
    productOfWeights: productOf(layers.filter(({ op }) => op !== "MaxPool")),
    chain: isChain(nodes),
    uncounted: [...uncounted],
  };
}

const notFinite = (name: string) =>
  new ModelError(`layer "${name}": a weight is not finite; it has no bound. Was its training stopped by a NaN?`);

const productOf = (layers: readonly LayerBound[]) => layers.reduce((product, { bound }) => product * bound, 1);

function boundOf(node: Node, options: BoundsOptions): LayerBound | undefined {
  const { op, inputs, attrs, outputs } = node;
  const name = node.name ?? outputs[0]!.name ?? op;
  if (op === "MaxPool") {
    // A value that is the largest of each window it lies in is counted in each of them.
    const { kernel_shape: kernel, strides, dilations } = attrs as Readonly<Record<string, readonly number[]>>;
    const windows = kernel!.map((k, i) =>
      Math.min(outputs[0]!.shape[i + 2]!, (dilations?.[i] ?? 1) === 1 ? Math.ceil(k / strides![i]!) : k),
    );
    const bound = Math.sqrt(windows.reduce((a, b) => a * b, 1));
    return bound > 1 ? { name, op, weight: [], stride: strides![0]!, lower: bound, bound } : undefined;
  }
  if (op === "Mul" || op === "Div") {
    // Scaling, as of batch normalisation, which is imported as a factor and a shift.
    const right = fixedNumbers(inputs[1]!);
    const factors = right ?? (op === "Mul" ? fixedNumbers(inputs[0]!) : undefined);
    if (!factors) return undefined;
    let bound = 0;
    for (let i = 0; i < factors.length; i++)
      bound = Math.max(bound, op === "Mul" ? Math.abs(factors[i]!) : 1 / Math.abs(factors[i]!));
    if (!Number.isFinite(bound)) throw notFinite(name);
    return { name, op, weight: [factors.length], stride: 1, lower: bound, bound };
  }
  const weight = op === "MatMul" && inputs[0]?.constant ? inputs[0] : inputs[1];
  if (!weight?.constant) return undefined;
  const data = weight.constant.data as Float32Array;
  const { shape } = weight;
  if (!data.every((w) => Number.isFinite(w))) throw notFinite(name);
  const layer = { name, op, weight: shape };
  if (op === "Gemm" || op === "MatMul") {
    if (shape.length !== 2) return undefined;
    options.onWork?.(layer);
    const alpha = op === "Gemm" ? Math.abs(Number(attrs.alpha ?? 1)) : 1;
    const { lower, upper } = convolutionNorm(data, { kernel: [...shape, 1, 1], strides: [1, 1] }, options);
    return { ...layer, stride: 1, lower: alpha * lower, bound: alpha * upper };
  }
  if (op === "Conv" && shape.length === 4) {
    options.onWork?.(layer);
    const strides = attrs.strides as readonly [number, number];
    const group = Number(attrs.group ?? 1);
    const kernel = [shape[0]! / group, ...shape.slice(1)];
    const size = data.length / group;
    // Groups do not meet: the largest of their norms.
    const norms = Array.from({ length: group }, (_, g) =>
      convolutionNorm(data.subarray(g * size, (g + 1) * size), { kernel, strides }, options),
    );
    const [lower, bound] = [Math.max(...norms.map((n) => n.lower)), Math.max(...norms.map((n) => n.upper))];
    return { ...layer, stride: strides[0], lower, bound };
  }
  return undefined;
}

/** Whether a layer that has no weights never stretches. */
function isContractive({ op, attrs }: Node): boolean {
  if (op === "Pad") return (attrs.mode ?? "constant") === "constant";
  // At the border fewer values share a mean, so that one of them may count for more than 1 in all.
  if (op === "AveragePool") return attrs.count_include_pad === 1 || (attrs.pads as number[]).every((pad) => pad === 0);
  if (op === "LeakyRelu") return Math.abs(Number(attrs.alpha ?? 0.01)) <= 1;
  return contractive.has(op);
}

/** Adding what no image changes moves points and stretches nothing. */
function isShift({ op, inputs }: Node): boolean {
  return (op === "Add" || op === "Sub") && inputs.filter((input) => !fixedNumbers(input)).length === 1;
}

function isChain(nodes: readonly Node[]): boolean {
  const uses = new Map<Value, number>();
  for (const { inputs } of nodes)
    for (const input of inputs) if (input && !fixedNumbers(input)) uses.set(input, (uses.get(input) ?? 0) + 1);
  return [...uses.values()].every((count) => count === 1);
}

/** The nodes that the outputs depend on, in order. */
function reachable(outputs: readonly Value[]): Node[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  const stack: (Node | (() => void))[] = outputs.flatMap(({ node }) => (node ? [node] : []));
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (typeof next === "function") {
      next();
      continue;
    }
    const node = next;
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(() => order.push(node));
    for (const input of node.inputs) if (input?.node) stack.push(input.node);
  }
  return order;
}
