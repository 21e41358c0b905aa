// The panel "adversarial examples" in its Web Worker: engine and attack on ONNX Runtime's WASM.
import { ortVersion, webRuntime } from "@reprise/engine/web";
import { type AttackResult, attackDigit } from "./adversarial/attack.ts";
import { digitOf, digitsUrl, readDigits } from "./adversarial/digits.ts";
import { type AdversarialInputs, paperKey } from "./adversarial/inputs.ts";
import type { AttackSoFar } from "./adversarial/outcome.ts";
import type { ShippedModel } from "./adversarial/shipped.ts";
import { breathe, serveMethod } from "./serve-method.ts";

const folder = `/content/${paperKey}/models/`;
// One thread: a row takes microseconds, less than waking another thread.
const runtime = webRuntime({ wasmPaths: `${location.origin}/assets/ort/${ortVersion}/`, threads: 1 });
const files = new Map<string, Promise<Uint8Array>>();

serveMethod<AdversarialInputs, AttackResult, AttackSoFar>(async (inputs, { signal, progress }) => {
  progress({ done: 0, total: 100, text: "loading" });
  const [digits, models] = await Promise.all([
    load(digitsUrl.href, "the digits").then(readDigits),
    load(`${folder}models.json`, "the list of networks").then(
      (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as ShippedModel[],
    ),
  ]);
  const run = attackDigit(digitOf(inputs.digit, digits), inputs, {
    runtime,
    models,
    loadModel: (file) => load(folder + file, `the network ${file}`),
    signal,
    progress,
    breathe,
  });
  // A cancelled run answers at once, even while ONNX Runtime is still being loaded.
  return Promise.race([run, aborted(signal)]);
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A file of this site, once. @throws Error that tells the reader what is missing */
function load(url: string, what: string): Promise<Uint8Array> {
  const known = files.get(url);
  if (known) return known;
  const loading = fetch(url).then(
    async (response) => {
      if (!response.ok)
        throw new Error(`${what} could not be loaded: the server answers ${response.status}. Reload the page.`);
      return new Uint8Array(await response.arrayBuffer());
    },
    (cause: unknown) => {
      throw new Error(`${what} could not be loaded: the server does not answer. Is it still running?`, { cause });
    },
  );
  loading.catch(() => files.delete(url));
  files.set(url, loading);
  return loading;
}
