// The panel's networks, trained for a moment on the MNIST subset: good enough to read a digit and to be fooled.
import { mnistSubset } from "@reprise/data/node";
import { tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { exportNetwork, networkByName, trainClassifier } from "@reprise/nn";
import { networks } from "../src/run/adversarial/inputs.ts";
import type { ShippedModel } from "../src/run/adversarial/shipped.ts";

/** models.json and the files it names. */
export async function quickModels(): Promise<{ models: ShippedModel[]; files: Map<string, Uint8Array> }> {
  const runtime = nodeRuntime({ threads: 1 });
  const { images, labels } = await mnistSubset({ split: "train" });
  const examples = { images, labels: tensor("int64", labels.shape, [...labels.data]) };
  const models: ShippedModel[] = [];
  const files = new Map<string, Uint8Array>();
  for (const { name } of networks) {
    const network = networkByName(name);
    const epochs = name === "lenet" ? 1 : 5;
    const { state } = await trainClassifier(runtime, network, { examples, recipe: { epochs, batchSize: 50 }, seed: 0 });
    files.set(`${name}.onnx`, exportNetwork(network, { parameters: state.parameters }));
    models.push({ file: `${name}.onnx`, network: name, command: "for a test", seed: 0, testError: 0.1 });
  }
  await runtime.release();
  return { models, files };
}
