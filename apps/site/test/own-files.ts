// Small ONNX classifiers that the tests of the adversarial panel bring as a reader would.
import { exportOnnx, flatten, Graph, matMul, mul, operators, softmax, tensor, type Value } from "@reprise/engine";

/** How many labels, and the pictures [C, H, W] they are of. */
export const smallShape = [3, 6, 8] as const;
const classes = 3;

interface SmallOptions {
  readonly channelsLast?: boolean;
  /** What the pixels are multiplied with first. */
  readonly scale?: number;
  /** Hardmax after the scores: ONNX Runtime knows it, the engine does not. */
  readonly hardmax?: boolean;
}

/** Softmax regression on small pictures in colour. */
export function smallClassifier(options: SmallOptions = {}): Uint8Array<ArrayBuffer> {
  const { channelsLast = false, scale = 1, hardmax = false } = options;
  const graph = new Graph(operators);
  const constant = (shape: readonly number[], data: Float32Array): Value =>
    graph.constant(tensor("float32", shape, data));
  const images = graph.input("images", "float32", channelsLast ? [1, 6, 8, 3] : [1, ...smallShape]);
  const n = 144;
  const weight = Float32Array.from({ length: n * classes }, (_, i) => 0.4 * Math.sin(1 + i) + 0.3 * Math.cos(7 * i));
  const scores = matMul(mul(flatten(images), constant([1], Float32Array.of(scale))), constant([n, classes], weight));
  graph.output("scores", hardmax ? softmax(scores) : scores);
  const bytes = exportOnnx(graph, { dynamic: { images: ["N"], scores: ["N"] } });
  // A name of the same length in the file.
  if (hardmax)
    bytes.set(new TextEncoder().encode("Hardmax"), new TextDecoder("latin1").decode(bytes).lastIndexOf("Softmax"));
  return new Uint8Array(bytes);
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
