// §3 of the paper: the images that most excite a unit of a layer, beside those that lie furthest along a random direction
// of the same layer.
import { Random } from "@reprise/data";
import { compile, importOnnx, ModelError, type Value } from "@reprise/engine";
import type { Progress } from "../protocol.ts";
import { type Grid, gridCount, gridSize, type LayerChoice, purityOf, type UnitsResult } from "./grids.ts";
import { type NetworkName, titleOf } from "./inputs.ts";
import { type Shelf, shippedModel } from "./shipped.ts";
import type { TestImages } from "./transfer.ts";

const batch = 100;
const mostDirections = 1000;

export interface UnitsContext extends Shelf {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress<never>) => void;
  readonly breathe: () => Promise<void>;
}

/**
 * argmax over images of ⟨φ(x), eᵢ⟩ for some units i, and of ⟨φ(x), v⟩ for as many random v of N(0, I), φ(x) being the
 * activations of the layer.
 *
 * @see Szegedy et al. 2013, §3
 */
export async function unitsAndDirections(
  { images, labels }: TestImages,
  { network, layer, seed }: { readonly network: NetworkName; readonly layer: LayerChoice; readonly seed: number },
  context: UnitsContext,
): Promise<UnitsResult> {
  const { signal, progress, breathe } = context;
  const count = labels.length;
  progress({ done: 0, total: count, text: "starting ONNX Runtime" });
  const activations = await layerOf(context, network, layer);
  const phi: Float32Array[] = [];
  for (let row = 0; row < count; row += batch) {
    await breathe();
    signal.throwIfAborted();
    const answer = await activations.run(images.slice(784 * row, 784 * (row + batch)));
    const width = answer.length / batch;
    for (let i = 0; i < batch; i++) phi.push(answer.slice(width * i, width * (i + 1)));
    progress({ done: row + batch, total: count, text: `${titleOf(network)} has seen ${row + batch} images` });
  }
  await activations.release();

  const width = phi[0]!.length;
  const random = new Random(seed);
  const order = random.permutation(width);
  const furthest = (along: (activation: Float32Array) => number, unit: number | null): Grid => {
    const values = phi.map(along);
    const rest = values.reduce((a, b) => Math.min(a, b), Infinity);
    // What does not lift a unit above its lowest value does not excite it: a dead unit is excited by nothing.
    const best = [...values.keys()]
      .filter((row) => values[row]! > rest)
      .sort((a, b) => values[b]! - values[a]! || a - b)
      .slice(0, gridSize);
    return { unit, images: best, labels: best.map((row) => labels[row]!) };
  };
  const ofUnit = (unit: number) => furthest((activation) => activation[unit]!, unit);
  const alongRandom = () => {
    const v = Float32Array.from({ length: width }, () => random.normal());
    return furthest((activation) => activation.reduce((sum, value, i) => sum + value * v[i]!, 0), null);
  };
  const average = async (grid: (i: number) => Grid) => {
    const n = Math.min(width, mostDirections);
    let sum = 0;
    let counted = 0;
    for (let i = 0; i < n; i++) {
      if (i % 16 === 0) await breathe();
      signal.throwIfAborted();
      const one = grid(i);
      if (one.images.length < gridSize) continue;
      sum += purityOf(one);
      counted++;
    }
    return { mean: sum / counted, counted };
  };
  const directions = Array.from({ length: gridCount }, alongRandom);
  const units = Array.from(order.subarray(0, gridCount), ofUnit);
  const ofUnits = await average((i) => ofUnit(order[i]!));
  const shown = new Set([...units, ...directions].flatMap((grid) => grid.images));
  return {
    units,
    directions,
    pixels: new Map([...shown].map((row) => [row, images.slice(784 * row, 784 * (row + 1))])),
    width,
    images: count,
    purity: { units: ofUnits.mean, directions: (await average(alongRandom)).mean, counted: ofUnits.counted },
  };
}

/** The network up to a layer. */
async function layerOf(shelf: Shelf, network: NetworkName, layer: LayerChoice) {
  const { file } = shippedModel(shelf, network);
  const model = importOnnx(await shelf.loadModel(file), { name: file });
  const [input] = model.inputs;
  const shape = input!.shape!.slice(1).map(Number);
  const forward = compile(
    shelf.runtime,
    ({ images }: { readonly images: Value }) => {
      const [scores] = Object.values(model.apply({ [input!.name]: images }));
      return { phi: layer === "scores" ? scores! : hiddenLayer(scores!, layer, file) };
    },
    { purpose: "infer" },
  );
  return {
    async run(images: Float32Array): Promise<Float32Array> {
      const rows = images.length / 784;
      const answer = await forward.run({ images: { dtype: "float32", shape: [rows, ...shape], data: images } });
      return answer.phi.data as Float32Array;
    },
    release: () => forward.release(),
  };
}

/** The first or last non-linearity before the scores. */
function hiddenLayer(scores: Value, layer: "first" | "last", file: string): Value {
  const hidden: Value[] = [];
  for (let value: Value | null | undefined = scores; value?.node; value = value.node.inputs[0])
    if (["Sigmoid", "Relu", "Tanh"].includes(value.node.op)) hidden.push(value);
  const found = layer === "last" ? hidden[0] : hidden.at(-1);
  if (!found) throw new ModelError(`${file}: it has no hidden layer; look at its scores.`);
  return found;
}
