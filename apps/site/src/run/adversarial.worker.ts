// The panel "adversarial examples" in its Web Worker: engine and method on ONNX Runtime's WASM.
import { type AttackMessage, type AttackResult, attackImage } from "./adversarial/attack.ts";
import { digitOf, digitsUrl, readDigits } from "./adversarial/digits.ts";
import type { UnitsResult } from "./adversarial/grids.ts";
import { layerOf, paperKey, type TransferInputs, type UnitsInputs } from "./adversarial/inputs.ts";
import type { AttackSoFar } from "./adversarial/outcome.ts";
import type { ModelFacts, OwnModel } from "./adversarial/own-files.ts";
import { inspectModel } from "./adversarial/own-model.ts";
import type { Shelf, ShippedModel } from "./adversarial/shipped.ts";
import { type TransferResult, transferMatrix } from "./adversarial/transfer.ts";
import { unitsAndDirections } from "./adversarial/units.ts";
import { openRuntime } from "./open-runtime.ts";
import { breathe, type RunContext, serveTasks } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";
import { testDigits } from "./test-digits.ts";

const folder = `/content/${paperKey}/models/`;

const tasks = { attack, transfer, units, inspect };
export type AdversarialTasks = typeof tasks;
serveTasks(tasks);

async function attack({ inputs, image, own }: AttackMessage, context: RunContext<AttackSoFar>): Promise<AttackResult> {
  // Both are on their way at once. One thread for the shipped networks: a row takes them microseconds, less than waking
  // another. The first run decides.
  const digits = siteFile(digitsUrl.href, "the digits").then(readDigits);
  return atOnce(context, async () => {
    const shelf = await openShelf(context, inputs.network, own ? navigator.hardwareConcurrency : 1);
    return attackImage(image ?? digitOf(inputs.digit, await digits), inputs, { ...context, ...shelf, breathe }, own);
  });
}

function transfer({ images, seed }: TransferInputs, context: RunContext<TransferResult>): Promise<TransferResult> {
  return atOnce(context, async () => {
    const [shelf, test] = await Promise.all([openShelf(context), testDigits()]);
    return transferMatrix(test, { count: images, seed }, { ...context, ...shelf, breathe });
  });
}

function units({ body, layer, seed }: UnitsInputs, context: RunContext<never>): Promise<UnitsResult> {
  return atOnce(context, async () => {
    const [shelf, test] = await Promise.all([openShelf(context, body), testDigits()]);
    const choice = { network: body, layer: layerOf({ body, layer }), seed };
    return unitsAndDirections(test, choice, { ...context, ...shelf, breathe });
  });
}

function inspect(model: OwnModel): ModelFacts {
  return inspectModel(model);
}

/**
 * ONNX Runtime and the networks; tells how many bytes of ONNX Runtime are there.
 *
 * @param wanted  the network that comes first
 */
async function openShelf(context: RunContext<never>, wanted?: string, threads = 1): Promise<Shelf> {
  const list = siteFile(`${folder}models.json`, "the list of networks");
  const runtime = await openRuntime(context, threads);
  const models = JSON.parse(new TextDecoder().decode(await list)) as ShippedModel[];
  const loadModel = (file: string) => siteFile(folder + file, `the network ${file}`);
  // All are asked for in the end: they come while the first is compiled and attacked. What fails is told when it is used.
  const first = models.filter(({ network }) => network === wanted);
  for (const { file } of [...first, ...models]) loadModel(file).catch(() => {});
  return { runtime, models, loadModel };
}

/** Runs it, and answers a cancellation at once, even while ONNX Runtime is still being loaded. */
function atOnce<Result>({ signal }: RunContext<never>, run: () => Promise<Result>): Promise<Result> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([run(), aborted]);
}
