// The panel "adversarial examples" in its Web Worker: engine and method on ONNX Runtime's WASM.
import { decodeMnist, mnistFiles } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import { ortVersion, webRuntime } from "@reprise/engine/web";
import { type AttackResult, attackImage, type OwnNetwork } from "./adversarial/attack.ts";
import { digitOf, digitsUrl, readDigits } from "./adversarial/digits.ts";
import type { UnitsResult } from "./adversarial/grids.ts";
import { type AdversarialInputs, layerOf, paperKey } from "./adversarial/inputs.ts";
import type { AttackSoFar } from "./adversarial/outcome.ts";
import type { ModelFacts, OwnImage, OwnModel } from "./adversarial/own-files.ts";
import { inspectModel } from "./adversarial/own-model.ts";
import type { ShippedModel } from "./adversarial/shipped.ts";
import { type TestImages, type TransferResult, transferMatrix } from "./adversarial/transfer.ts";
import { unitsAndDirections } from "./adversarial/units.ts";
import { breathe, type RunContext, serveMethod } from "./serve-method.ts";
import { siteFile } from "./site-file.ts";

export type AdversarialResult = AttackResult | TransferResult | UnitsResult;
/** What the page sends: a run with the files that its inputs stand for, or a question about a file. */
export type AdversarialRequest =
  | { readonly inputs: AdversarialInputs; readonly image: OwnImage | null; readonly own: OwnNetwork | null }
  | { readonly inspect: OwnModel };
export type AdversarialSoFar = AttackSoFar | TransferResult;

const folder = `/content/${paperKey}/models/`;
const subset = "/assets/mnist-subset/";
let runtime: Runtime | undefined;

type Answer = AdversarialResult | ModelFacts;

serveMethod<AdversarialRequest, Answer, AdversarialSoFar>(async (request, context) => {
  if ("inspect" in request) return inspectModel(request.inspect);
  context.progress({ done: 0, total: 100, text: "loading" });
  // A cancelled run answers at once, even while ONNX Runtime is still being loaded.
  return Promise.race([run(request, context), aborted(context.signal)]);
});

async function run(
  { inputs, image, own }: Extract<AdversarialRequest, { inputs: AdversarialInputs }>,
  context: RunContext<AdversarialSoFar>,
): Promise<AdversarialResult> {
  const models = JSON.parse(
    new TextDecoder().decode(await siteFile(`${folder}models.json`, "the list of networks")),
  ) as ShippedModel[];
  const loadModel = (file: string) => siteFile(folder + file, `the network ${file}`);
  // One thread for the shipped networks: a row takes them microseconds, less than waking another. The first run decides.
  const threads = own ? navigator.hardwareConcurrency : 1;
  runtime ??= webRuntime({ wasmPaths: `${location.origin}/assets/ort/${ortVersion}/`, threads });
  const parts = { ...context, runtime, models, loadModel, breathe };
  switch (inputs.task) {
    case "attack": {
      const digits = await siteFile(digitsUrl.href, "the digits").then(readDigits);
      return attackImage(image ?? digitOf(inputs.digit, digits), inputs, parts, own);
    }
    case "transfer":
      return transferMatrix(await testImages(), { count: inputs.images, seed: inputs.seed }, parts);
    case "units": {
      const { body: network, seed } = inputs;
      return unitsAndDirections(await testImages(), { network, layer: layerOf(inputs), seed }, parts);
    }
  }
}

/** The 500 test images of the MNIST subset. */
async function testImages(): Promise<TestImages> {
  const { images: imagesFile, labels: labelsFile } = mnistFiles.test;
  const [imageBytes, labelBytes] = await Promise.all(
    [imagesFile, labelsFile].map((file) => siteFile(`${subset}${file}.gz`, "the test images")),
  );
  const { images, labels } = await decodeMnist(imageBytes!, labelBytes!, { flat: true });
  return { images: images.data as Float32Array, labels: labels.data };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
