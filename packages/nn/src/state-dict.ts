// A PyTorch state_dict ↔ a network's weights. Our networks name and shape their arrays as the state_dict of the
// reference implementation does, so the map of names is this: take the prefix `module.` of DataParallel off, and leave
// the counters `num_batches_tracked` out.
import { layoutSize, ModelError, type Tensor } from "@reprise/engine";
import type { Network, Weights } from "./network.ts";
import type { TorchDict, TorchValue } from "./torch-file.ts";
import { packWeights } from "./weights.ts";

/** Where training scripts put the state_dict in their checkpoint. */
const places = ["state_dict", "model_state_dict", "model", "net"];

/**
 * The tensors by name in a file's value: the value itself, or what a checkpoint holds as `state_dict`,
 * `model_state_dict`, `model` or `net`; without the prefix `module.`.
 *
 * @param source  the file's name in messages
 * @throws ModelError when there is no dict of tensors
 */
export function stateDictOf(value: TorchValue, { source = "torch file" } = {}): Record<string, Tensor> {
  const root = asDict(value);
  if (!root) throw new ModelError(`${source}: it holds no dict of tensors; save model.state_dict()`);
  const place = places.find((name) => asDict(root.get(name)));
  const dict = place === undefined ? root : asDict(root.get(place))!;
  const tensors: [string, Tensor][] = [];
  for (const [name, array] of dict) {
    if (typeof name !== "string" || !isTensor(array)) {
      const what = place === undefined ? "it" : `its "${place}"`;
      throw new ModelError(
        `${source}: ${what} is not a state_dict: "${name}" is not a tensor; save model.state_dict(), alone or as "state_dict"`,
      );
    }
    tensors.push([name, array]);
  }
  if (tensors.length === 0) throw new ModelError(`${source}: its state_dict is empty`);
  const parallel = tensors.every(([name]) => name.startsWith("module."));
  return Object.fromEntries(parallel ? tensors.map(([name, array]) => [name.slice("module.".length), array]) : tensors);
}

/**
 * A network's weights from arrays by name, e.g. of `stateDictOf` or `readSafetensors`.
 *
 * @param source  the file's name in messages
 * @throws ModelError naming every array that is missing or not expected, or the first of another shape or not finite
 */
export function weightsFromTensors(
  { parameters, buffers = {} }: Network,
  tensors: Readonly<Record<string, Tensor>>,
  { source = "weights" } = {},
): Weights {
  const counter = (name: string) => name.endsWith(".num_batches_tracked");
  const all = packWeights(tensors, { ...parameters, ...buffers }, { source, ignore: counter });
  const split = layoutSize(parameters);
  return { parameters: all.slice(0, split), ...(all.length > split ? { buffers: all.slice(split) } : {}) };
}

const asDict = (value: TorchValue | undefined): TorchDict | null => (value instanceof Map ? value : null);

const isTensor = (value: TorchValue): value is Tensor =>
  typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
