// Upper bounds on how much each layer can stretch a perturbation, §4.3.
import { Graph, type Node, type OnnxModel, operators, type Value } from "@reprise/engine";
import { type Spectrum, spectralNorm } from "./spectral-norm.ts";

export interface LayerBound {
  /** The node's name in the file. */
  readonly name: string;
  readonly op: string;
  /** Shape of its weights. */
  readonly weight: readonly number[];
  readonly stride: number;
  /** Largest factor between ‖r‖₂ before and after the layer. */
  readonly bound: number;
}

export interface ModelBounds {
  readonly layers: readonly LayerBound[];
  /** Π bounds: of the whole model, where `chain`, and its other layers do not stretch. */
  readonly product: number;
  /** Whether each value is used once: with branches that meet again the product bounds nothing. */
  readonly chain: boolean;
  /** Operators between the layers that may stretch and are not counted. */
  readonly uncounted: readonly string[];
}

export interface BoundsOptions {
  /** Most frequencies an axis at which a convolution is evaluated; fewer are quicker and may miss the highest. */
  readonly grid?: number;
  readonly onLayer?: (layer: LayerBound) => void;
  readonly signal?: AbortSignal;
}

const contractive = new Set([
  ..."Relu Clip Sigmoid Tanh MaxPool AveragePool GlobalAveragePool Flatten Reshape Transpose Identity".split(" "),
  ..."Dropout Softmax LogSoftmax Squeeze Unsqueeze Pad Slice ReduceMean LeakyRelu HardSigmoid Cast".split(" "),
]);

/**
 * Operator norms of a model's layers: of a matrix its largest singular value; of a convolution the largest, over the
 * frequencies ω, of the D × (C·stride²) matrix of its kernels' Fourier transforms, the aliases that striding folds onto ω
 * side by side, over the stride; of batch normalisation its largest factor. ReLU and max pooling do not stretch (max
 * pooling with overlapping windows can, by a little; the paper leaves that out, and so do we).
 *
 * A large product does not show that there are adversarial examples; a small one shows that there are none nearby.
 *
 * @param inputShape  one batch as the model takes it, e.g. [1, 3, 224, 224]
 * @throws ModelError if the model has operators that the engine does not know
 * @see Szegedy et al. 2013, §4.3 and Table 5
 */
export function modelBounds(model: OnnxModel, inputShape: readonly number[], options: BoundsOptions = {}): ModelBounds {
  const { grid = 32, onLayer, signal } = options;
  const graph = new Graph(operators);
  const { name } = model.inputs[0]!;
  const outputs = Object.values(model.apply({ [name]: graph.input(name, "float32", inputShape) }));
  const nodes = reachable(outputs);
  const layers: LayerBound[] = [];
  const uncounted = new Set<string>();
  for (const node of nodes) {
    signal?.throwIfAborted();
    const layer = boundOf(node, grid);
    if (layer) {
      layers.push(layer);
      onLayer?.(layer);
    } else if (!contractive.has(node.op) && !isShift(node)) uncounted.add(node.op);
  }
  return {
    layers,
    product: layers.reduce((product, { bound }) => product * bound, 1),
    chain: isChain(nodes),
    uncounted: [...uncounted],
  };
}

function boundOf(node: Node, grid: number): LayerBound | undefined {
  const { op, inputs, attrs, outputs } = node;
  const weight = op === "MatMul" && inputs[0]?.constant ? inputs[0] : inputs[1];
  if (!weight?.constant) return undefined;
  const data = weight.constant.data as Float32Array;
  const shape = weight.shape;
  const layer = { name: node.name ?? outputs[0]!.name ?? op, op, weight: shape };
  if (op === "Gemm" || op === "MatMul") {
    if (shape.length !== 2) return undefined;
    const alpha = op === "Gemm" ? Math.abs(Number(attrs.alpha ?? 1)) : 1;
    return { ...layer, stride: 1, bound: alpha * spectralNorm(matrix(data, shape[0]!, shape[1]!)) };
  }
  if (op === "Conv" && shape.length === 4) {
    const strides = attrs.strides as readonly number[];
    const input = inputs[0]!.shape;
    return { ...layer, stride: strides[0]!, bound: convolutionBound(data, shape, input, attrs, grid) };
  }
  if (op === "BatchNormalization") {
    const variance = inputs[4]?.constant?.data as Float32Array | undefined;
    if (!variance) return undefined;
    const epsilon = Number(attrs.epsilon ?? 1e-5);
    const factors = Array.from(data, (_, c) => Math.abs(scaleOf(inputs[1]!, c)) / Math.sqrt(variance[c]! + epsilon));
    return { ...layer, stride: 1, bound: Math.max(...factors) };
  }
  return undefined;
}

const scaleOf = (scale: Value, c: number): number => Number(scale.constant!.data[c]);

function matrix(data: Float32Array, rows: number, columns: number): Spectrum {
  return { rows, columns, real: Float64Array.from(data), imaginary: undefined };
}

/**
 * The convolution as one on a ring of N × N ≥ input + kernel − 1 points: zero padding is a part of that, so its norm is
 * no larger. Y(ω) = Σ_l W(ω + l)·X(ω + l) / Δ² over the aliases l, and Parseval's sums differ by Δ², hence the / Δ.
 */
function convolutionBound(
  data: Float32Array,
  shape: readonly number[],
  input: readonly number[],
  attrs: Node["attrs"],
  grid: number,
): number {
  const [outputs, channels, height, width] = shape as [number, number, number, number];
  const [strideY, strideX] = attrs.strides as [number, number];
  const [dilationY, dilationX] = (attrs.dilations as [number, number] | undefined) ?? [1, 1];
  const group = Number(attrs.group ?? 1);
  const perGroup = outputs / group;
  const ring = (size: number, kernel: number, stride: number, dilation: number) =>
    stride * Math.max(1, Math.min(grid, Math.ceil((size + dilation * (kernel - 1)) / stride)));
  const rows = ring(input[2]!, height, strideY, dilationY);
  const columns = ring(input[3]!, width, strideX, dilationX);
  const aliases = strideY * strideX;
  let bound = 0;
  for (let g = 0; g < group; g++)
    for (let p = 0; p < rows / strideY; p++)
      for (let q = 0; q < columns / strideX; q++) {
        // Real kernels: the spectrum at −ω is the conjugate of that at ω.
        if (2 * p > rows / strideY || (2 * p === 0 && 2 * q > columns / strideX)) continue;
        const real = new Float64Array(perGroup * channels * aliases);
        const imaginary = new Float64Array(real.length);
        for (let a = 0; a < aliases; a++) {
          const u = (p + Math.floor(a / strideX) * (rows / strideY)) / rows;
          const v = (q + (a % strideX) * (columns / strideX)) / columns;
          const phases = Array.from({ length: height * width }, (_, k) => {
            const angle = -2 * Math.PI * (u * dilationY * Math.floor(k / width) + v * dilationX * (k % width));
            return [Math.cos(angle), Math.sin(angle)] as const;
          });
          for (let d = 0; d < perGroup; d++)
            for (let c = 0; c < channels; c++) {
              const from = ((g * perGroup + d) * channels + c) * height * width;
              let re = 0;
              let im = 0;
              for (let k = 0; k < phases.length; k++) {
                re += data[from + k]! * phases[k]![0];
                im += data[from + k]! * phases[k]![1];
              }
              const at = d * channels * aliases + c * aliases + a;
              real[at] = re;
              imaginary[at] = im;
            }
        }
        const spectrum = { rows: perGroup, columns: channels * aliases, real, imaginary };
        bound = Math.max(bound, spectralNorm(spectrum) / Math.sqrt(aliases));
      }
  return bound;
}

/** Adding a constant moves points and stretches nothing. */
function isShift({ op, inputs }: Node): boolean {
  return (op === "Add" || op === "Sub") && inputs.filter((input) => input && !input.constant).length === 1;
}

function isChain(nodes: readonly Node[]): boolean {
  const uses = new Map<Value, number>();
  for (const { inputs } of nodes)
    for (const input of inputs) if (input && !input.constant) uses.set(input, (uses.get(input) ?? 0) + 1);
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
