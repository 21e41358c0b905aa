// reprise bit-flip quantise: a float model as an ordinary ONNX file with integer weights.
import { bytesText } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { type OptionValues, UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { openModel } from "../run/model.node.ts";
import type { quantiseOptions } from "./options.ts";

export async function quantiseVerb({
  args,
  options: chosen,
  signal,
}: VerbContext<OptionValues<typeof quantiseOptions>>): Promise<VerbResult> {
  const { out } = chosen;
  if (out === undefined) throw new UsageError("--out is missing, the file to write");
  if ((chosen.bits ?? 0) > 8) throw new UsageError(`--bits is ${chosen.bits}; expected 1 to 8`);
  const model = await openModel(args, chosen);
  if (model.own) throw new UsageError(`${model.name} is quantised already; attack it as it is`);
  await writeFileAtomic(out, model.bytes, { signal });
  const { layers, leftOut } = model.network;
  const result = {
    model: model.name,
    out,
    bytes: model.bytes.length,
    sha256: model.sha256,
    layers: layers.map(({ name, shape, bits, step }, i) => {
      return { layer: name, shape, bits, steps: step.length, offset: model.layers[i]!.offset };
    }),
    leftOut,
  };
  const weights = layers.reduce((sum, { values }) => sum + values.length, 0);
  return {
    result,
    text: () =>
      [
        `${out}: ${weights} weights of ${layers.length} layers in ${layers[0]!.bits} bits, ${bytesText(model.bytes.length)}`,
        ...leftOut.map(({ node, reason }) => `left as it is: ${node}, ${reason}`),
      ].join("\n"),
  };
}
