// Small ONNX classifiers that the tests of the adversarial panel bring as a reader would.
import {
  exportOnnx,
  flatten,
  Graph,
  matMul,
  mul,
  type OpDef,
  operators,
  reduceSum,
  tensor,
  type Value,
} from "@reprise/engine";

/** How many labels, and the pictures [C, H, W] they are of. */
export const smallShape = [3, 6, 8] as const;
const classes = 3;

interface SmallOptions {
  readonly channelsLast?: boolean;
  /** What the pixels are multiplied with first. */
  readonly scale?: number;
  /** After the scores Hardmax, and ReverseSequence of one step, which changes nothing and which the engine does not know. */
  readonly reversed?: boolean;
}

/** Operators as ONNX has them: a graph must know what it writes. */
const known: OpDef = { inputs: [1, 2], since: 10, infer: ([x]) => x, grad: "none" };
const reverse = (x: Value): Value => {
  const lengths = x.graph.constant(tensor("int64", [classes], new Array(classes).fill(1)));
  return x.graph.add("ReverseSequence", [x, lengths])[0]!;
};

/** Softmax regression on small pictures in colour. */
export function smallClassifier(options: SmallOptions = {}): Uint8Array<ArrayBuffer> {
  const { channelsLast = false, scale = 1, reversed = false } = options;
  const graph = new Graph({ ...operators, Hardmax: known, ReverseSequence: known });
  const constant = (shape: readonly number[], data: Float32Array): Value =>
    graph.constant(tensor("float32", shape, data));
  const images = graph.input("images", "float32", channelsLast ? [1, 6, 8, 3] : [1, ...smallShape]);
  const n = 144;
  const weight = Float32Array.from({ length: n * classes }, (_, i) => 0.4 * Math.sin(1 + i) + 0.3 * Math.cos(7 * i));
  const scores = matMul(mul(flatten(images), constant([1], Float32Array.of(scale))), constant([n, classes], weight));
  graph.output("scores", reversed ? reverse(graph.add("Hardmax", [scores])[0]!) : scores);
  return new Uint8Array(exportOnnx(graph, { dynamic: { images: ["N"], scores: ["N"] } }));
}

/** A model of a few bytes that says its images are 100,000 pixels wide and high. */
export function giantImages(): Uint8Array<ArrayBuffer> {
  const graph = new Graph(operators);
  graph.output("y", reduceSum(graph.input("x", "float32", [1, 3, 100_000, 100_000]), { axes: [2, 3] }));
  return new Uint8Array(exportOnnx(graph));
}

/** A model with two inputs, or with two outputs, which no attack takes. */
export function twoHeaded(what: "inputs" | "outputs"): Uint8Array<ArrayBuffer> {
  const graph = new Graph(operators);
  const a = graph.input("a", "float32", [1, 4]);
  if (what === "inputs") graph.output("y", mul(a, graph.input("b", "float32", [1, 4])));
  else {
    graph.output("p", mul(a, 2));
    graph.output("q", mul(a, 3));
  }
  return new Uint8Array(exportOnnx(graph));
}
