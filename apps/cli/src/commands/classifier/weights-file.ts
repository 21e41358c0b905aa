// Weights from a file of safetensors or of torch.save.
import { readBytes } from "@reprise/data/node";
import {
  type Network,
  readSafetensors,
  readTorchFile,
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
    ? readSafetensors(bytes, { source: path }).tensors
    : stateDictOf(readTorchFile(bytes, { source: path }), { source: path });
  return weightsFromTensors(network, tensors, { source: path });
}
