// A trained network as an ONNX file for inference: weights are constants under their own names, the batch axis is open.
import { cpu, exportOnnx, type Graph, lower, type Tensor, trace, type Value } from "@reprise/engine";
import { type Network, type Weights, weightsByName } from "./network.ts";

export interface ExportNetworkOptions {
  /** Kept in the file: what made it, e.g. `{ command, seed, data }`; the network's name is added as `network`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of an ONNX model (opset 17): input `x` float32 [N, …inputShape], output `logits` [N, K].
 *
 * @throws Error when the weights do not fit or are not finite, or the network's graph changes with the batch size
 */
export function exportNetwork(
  network: Network,
  weights: Weights,
  { metadata = {} }: ExportNetworkOptions = {},
): Uint8Array {
  const arrays = weightsByName(network, weights);
  for (const [name, { data }] of [...Object.entries(arrays.parameters), ...Object.entries(arrays.buffers)]) {
    const at = data.findIndex((w) => !Number.isFinite(w));
    if (at >= 0) throw new Error(`export: "${name}" of ${network.name} holds ${data[at]} at ${at}; train it anew`);
  }
  // Shapes are concrete inside a graph. Where two sizes of batch give the same nodes, any size does.
  const [graph, other] = [2, 3].map((N) => inferenceGraph(network, arrays, N)) as [Graph, Graph];
  const stuck = graph.nodes.find((node, i) => describe(node) !== describe(other.nodes[i]));
  if (stuck) {
    throw new Error(
      `export: ${stuck.op} of ${network.name} depends on the batch size (${JSON.stringify(stuck.attrs)}); write it without, e.g. flatten(x) instead of reshape(x, [N, …])`,
    );
  }
  return exportOnnx(lower(graph, cpu), {
    name: network.name,
    metadata: { network: network.name, ...metadata },
    dynamic: { x: ["N"], logits: ["N"] },
  });
}

function inferenceGraph(network: Network, arrays: ReturnType<typeof weightsByName>, N: number): Graph {
  const constants = (x: Value, tensors: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, data]) => [name, x.graph.constant(data, data.dtype, name)]));
  return trace<"x", "logits">(
    ({ x }) => ({
      logits: network.forward(constants(x, arrays.parameters), x, { buffers: constants(x, arrays.buffers) }).logits,
    }),
    { x: { dtype: "float32", shape: [N, ...network.inputShape] } },
  );
}

const describe = (node: { op: string; attrs: object } | undefined): string =>
  node ? `${node.op} ${JSON.stringify(node.attrs)}` : "";
