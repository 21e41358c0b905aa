// reprise bit-flip quantise: a float model as an ordinary ONNX file with integer weights.
import { bytesText } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { type Options, UsageError, verb } from "@reprise/experiment";
import { modelOptions, openModel } from "../run/model.node.ts";

const options = {
  ...modelOptions,
  out: { kind: "text", placeholder: "file.onnx", help: "for the quantised model" },
} as const satisfies Options;

export const quantise = verb({
  name: "quantise",
  summary: "write a model with its weights as 2 to 8 bits, by DequantizeLinear",
  arguments: [{ name: "model", help: "ONNX file; or --network and --weights", optional: true }],
  options,
  async run({ args, options: chosen, signal }) {
    const { out } = chosen;
    if (out === undefined) throw new UsageError("--out is missing, the file to write");
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
  },
});
