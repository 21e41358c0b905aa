// The panel "bit flips" in its Web Worker: engine and method on ONNX Runtime's WASM.
import {
  type FlipsResult,
  type FlipsSoFar,
  findFlips,
  flipByHand as flipInNetwork,
  type HandFlip,
  type HandResult,
} from "./bit-flip/flips.ts";
import { type NetworkName, paperKey, type SearchInputs, type TargetInputs, titleOf } from "./bit-flip/inputs.ts";
import { openRuntime } from "./open-runtime.ts";
import { breathe, type RunContext, serveTasks } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";
import { testDigits } from "./test-digits.ts";

const folder = `/content/${paperKey}/models/`;

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
