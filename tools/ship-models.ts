// Takes trained networks into the page of Szegedy et al.:  node tools/run.mjs tools/ship-models.ts FOLDER NETWORK…
// FOLDER holds NETWORK.onnx and NETWORK.json, the latter what `reprise adversarial train … --json` printed.

import { fileURLToPath } from "node:url";
import { createFolder, readBytes, writeFileAtomic } from "@reprise/data/node";
import { importOnnx } from "@reprise/engine";

const [folder, ...networks] = process.argv.slice(2);
if (!folder || networks.length === 0) {
  console.error("usage: ship-models FOLDER NETWORK…");
  process.exit(2);
}
const out = fileURLToPath(new URL("../apps/site/content/journals/corr/SzegedyZSBEGF13/models/", import.meta.url));
await createFolder(out);
const models = [];
for (const network of networks) {
  const bytes = await readBytes(`${folder}/${network}.onnx`);
  const printed = JSON.parse(new TextDecoder().decode(await readBytes(`${folder}/${network}.json`)));
  const { metadata } = importOnnx(bytes, { name: `${network}.onnx` });
  if (printed.network !== network) throw new Error(`${network}.json is of the network ${printed.network}`);
  await writeFileAtomic(`${out}${network}.onnx`, bytes);
  models.push({
    file: `${network}.onnx`,
    network,
    command: `${metadata.get("command")} --data DIR`,
    seed: printed.seed,
    dataSha256: printed.data.sha256,
    testError: printed.testError,
  });
}
await writeFileAtomic(`${out}models.json`, `${JSON.stringify(models, null, 2)}\n`);
console.log(
  models.map(({ network, testError }) => `${network}: test error ${(100 * testError).toFixed(2)} %`).join("\n"),
);
