// Weights from a file of safetensors or of torch.save.
import { readBytes } from "@reprise/data/node";
import {
  type Network,
  readSafetensors,
  readTorchFile,
  type Safetensors,
  stateDictOf,
  type Weights,
  weightsFromTensors,
} from "@reprise/nn";

/**
 * A network's weights from a file: `.safetensors`, or any other name for a file of torch.save.
 *
 * @throws DataError when it cannot be read, ModelError when it is damaged, hostile, or another network's
 */
export async function readWeights(path: string, network: Network): Promise<Weights> {
  const bytes = await readBytes(path);
  const tensors = path.endsWith(".safetensors")
    ? withoutOptimizer(readSafetensors(bytes, { source: path }))
    : stateDictOf(readTorchFile(bytes, { source: path }), { source: path });
  return weightsFromTensors(network, tensors, { source: path });
}

/** The weights of one of our checkpoints, which also holds the optimizer's vectors; another file's arrays as they are. */
function withoutOptimizer({ tensors, metadata }: Safetensors): Safetensors["tensors"] {
  if (metadata["reprise.checkpoint"] === undefined) return tensors;
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.startsWith("optimizer/")));
}
