// Encoders: frames with their context → embeddings. Layouts and graphs; weights come from outside.
import { div, relu, reshape, sub } from "@reprise/engine";
import { heNormal, initialize, linear, linearParameters, zeros } from "@reprise/nn";
import type { Encoder, EncoderSpec, PlainEncoder } from "./encoder-spec.ts";
import { published } from "./published-encoder.ts";
import { small } from "./small-encoder.ts";
import { unitLength } from "./unit-length.ts";

/** @param backbone  of an ONNX encoder: the file that the spec's `cut` is a value of, cut there */
export function encoderOf(spec: EncoderSpec, backbone?: Uint8Array): Encoder {
  if (spec.kind === "mlp") return plain(mlp(spec));
  return spec.kind === "small" ? plain(small(spec)) : published(spec, backbone);
}

const plain = (encoder: PlainEncoder): Encoder => ({
  ...encoder,
  buffers: {},
  noise: {},
  step: (p, x) => ({ embeddings: encoder.forward(p, x), buffers: {} }),
});

const hidden = 128;

/** Two hidden layers on the features of all frames in context, for poses and sensors. */
function mlp(spec: EncoderSpec): PlainEncoder {
  const [F] = spec.frameShape as [number];
  const parameters = {
    ...linearParameters("fc1", F * spec.context, hidden),
    ...linearParameters("fc2", hidden, hidden),
    ...linearParameters("fc3", hidden, spec.dimensions),
  };
  return {
    spec,
    parameters,
    init: (random) => initialize(parameters, random, { weight: heNormal, bias: zeros }),
    forward(p, x) {
      const constants = (numbers: readonly number[]) =>
        x.graph.constant({ dtype: "float32", shape: [F], data: Float32Array.from(numbers) });
      const { mean, scale } = spec;
      const normal = mean && scale ? div(sub(x, constants(mean)), constants(scale)) : x;
      const flat = reshape(normal, [x.shape[0]!, spec.context * F]);
      return unitLength(linear(p, "fc3", relu(linear(p, "fc2", relu(linear(p, "fc1", flat))))));
    },
  };
}
