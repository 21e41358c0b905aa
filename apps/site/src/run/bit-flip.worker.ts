// The panel "bit flips" in its Web Worker: engine and method on ONNX Runtime's WASM.
import { decodeMnist, mnistFiles } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import { ortVersion, webRuntime } from "@reprise/engine/web";
import { runtimeBytes } from "./adversarial/downloads.ts";
import {
  type Digits,
  type FlipsResult,
  type FlipsSoFar,
  findFlips,
  flipByHand as flipInNetwork,
  type HandFlip,
  type HandResult,
} from "./bit-flip/flips.ts";
import { type NetworkName, paperKey, type SearchInputs, type TargetInputs, titleOf } from "./bit-flip/inputs.ts";
import { breathe, type RunContext, serveTasks } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";

const folder = `/content/${paperKey}/models/`;
const subset = "/assets/mnist-subset/";
const ort = `/assets/ort/${ortVersion}/`;
let runtime: Runtime | undefined;

/** The reader's own model. */
export interface OwnFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface SearchMessage {
  readonly inputs: SearchInputs;
  readonly own: OwnFile | undefined;
}

export interface HandMessage {
  readonly network: NetworkName;
  readonly flips: readonly HandFlip[];
}

const tasks = { search, hand, target };
export type BitFlipTasks = typeof tasks;
serveTasks(tasks);

async function search({ inputs, own }: SearchMessage, context: RunContext<FlipsSoFar>): Promise<FlipsResult> {
  const { network, sample, maxFlips, seed } = inputs;
  const [bytes, digits, opened] = await together(own?.bytes ?? modelFile(network), context);
  const name = own?.name ?? titleOf(network);
  return findFlips(bytes, digits, { name, sample, maxFlips, seed }, { ...context, runtime: opened, breathe });
}

async function target(
  { network, digit, sample, maxFlips }: TargetInputs,
  context: RunContext<FlipsSoFar>,
): Promise<FlipsResult> {
  const [bytes, digits, opened] = await together(modelFile(network), context);
  const settings = { name: titleOf(network), sample, maxFlips, seed: 0, target: Number(digit) };
  return findFlips(bytes, digits, settings, { ...context, runtime: opened, breathe });
}

async function hand({ network, flips }: HandMessage, context: RunContext<never>): Promise<HandResult> {
  const [bytes, digits, opened] = await together(modelFile(network), context);
  return flipInNetwork(bytes, digits, { name: titleOf(network), flips }, { ...context, runtime: opened });
}

const modelFile = (network: string) => siteFile(`${folder}${network}-8bit.onnx`, "the network");

/** Everything that a run needs, on its way at once. */
function together(model: Uint8Array | Promise<Uint8Array>, context: RunContext<never>) {
  return Promise.all([model, testDigits(), openRuntime(context)]);
}

async function openRuntime({ progress }: RunContext<never>): Promise<Runtime> {
  if (runtime) return runtime;
  const { whole, sent } = runtimeBytes;
  const wasmBinary = await siteFile(`${ort}ort-wasm-simd-threaded.wasm`, "ONNX Runtime", (bytes) => {
    const share = Math.min(1, bytes / whole);
    const text = `loading ONNX Runtime: ${((sent * share) / 1e6).toFixed(1)} of ${(sent / 1e6).toFixed(1)} MB`;
    progress({ done: Math.round(100 * share), total: 100, text });
  });
  runtime ??= webRuntime({ wasmPaths: `${location.origin}${ort}`, wasmBinary, threads: navigator.hardwareConcurrency });
  return runtime;
}

/** The 500 test images of the MNIST subset. */
async function testDigits(): Promise<Digits> {
  const { images: imagesFile, labels: labelsFile } = mnistFiles.test;
  const [imageBytes, labelBytes] = await Promise.all(
    [imagesFile, labelsFile].map((file) => siteFile(`${subset}${file}.gz`, "the digits")),
  );
  const { images, labels } = await decodeMnist(imageBytes!, labelBytes!, { flat: true });
  return { images: images.data as Float32Array, labels: labels.data };
}
