// The paper's encoders (Table 1): a backbone on each frame, 3-D convolutions over the context, the largest of each channel
// over time and space, linear layers.
import { type Layout, layoutSize, reduceMax, relu, reshape, unflatten, type Value, type Values } from "@reprise/engine";
import {
  batchNormBuffers,
  dropout,
  heNormal,
  initialize,
  initialStatistics,
  linear,
  linearParameters,
  zeros,
} from "@reprise/nn";
import { backboneOf } from "./backbones.ts";
import { conv3dOverContext } from "./context-convolution.ts";
import type { Encoder, EncoderSpec } from "./encoder-spec.ts";
import { isNorm, type Norms, normParameters, normsOf } from "./norms.ts";
import { unitLength } from "./unit-length.ts";

/** Of the inputs of both hidden linear layers (config.py). */
const DROP = 0.1;

export function published(spec: EncoderSpec, file?: Uint8Array): Encoder {
  const settings = spec.backbone!;
  const { embedder: K, norm, train, unitLength: isUnit } = settings;
  const backbone = backboneOf(spec, file);
  const head: Layout = {
    "embedder.conv1.weight": [K, backbone.features, 3, 3, 3],
    "embedder.conv1.bias": [K],
    ...normParameters("embedder.norm1", K),
    "embedder.conv2.weight": [K, K, 3, 3, 3],
    "embedder.conv2.bias": [K],
    ...normParameters("embedder.norm2", K),
    ...linearParameters("embedder.fc1", K, K),
    ...linearParameters("embedder.fc2", K, K),
    ...linearParameters("embedder.fc3", K, spec.dimensions),
  };
  // Torchvision's backbone has batch normalisation whatever the embedder behind it has.
  const backboneNorm = spec.kind === "resnet50" ? "batch" : norm;
  const isTrained = (name: string) => train === "all" || (train === "only-bn" && isNorm(backbone.parameters, name));
  const part = (layout: Layout, keep: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(layout).filter(([name]) => keep(name)));
  const trained: Layout = { ...part(backbone.parameters, isTrained), ...head };
  const statistics = {
    ...(backboneNorm === "batch" ? batchNormBuffers(backbone.parameters) : {}),
    ...(norm === "batch" ? batchNormBuffers(head) : {}),
  };
  const buffers: Layout = { ...part(backbone.parameters, (name) => !isTrained(name)), ...statistics };
  const parameters = { ...trained, ...buffers };

  const join = (p: Values, features: Value, norms: Norms, noise?: Values): Value => {
    const [F, k, C, h, w] = features.shape as [number, number, number, number, number];
    // In time-major channels a convolution over time and space is one over space.
    const layer = (i: number, x: Value, channels: number) => {
      const [W, b] = [p[`embedder.conv${i}.weight`]!, p[`embedder.conv${i}.bias`]!];
      const y = conv3dOverContext(reshape(x, [F, k * channels, h, w]), W, b, k);
      return relu(norms.apply(`embedder.norm${i}`, reshape(y, [F * k, K, h, w])));
    };
    let y = layer(2, layer(1, features, C), K);
    y = reduceMax(reshape(y, [F, k, K, h * w]), { axes: [1, 3] }); // [F, K]
    for (const name of ["fc1", "fc2"]) {
      const uniform = noise?.[name];
      if (uniform) y = dropout(y, reshape(uniform, [F, K]), { rate: DROP });
      y = relu(linear(p, `embedder.${name}`, y));
    }
    y = linear(p, "embedder.fc3", y);
    return isUnit ? unitLength(y) : y;
  };
  const apart = (x: Value): Value => reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]);
  const together = (features: Value, like: Value): Value =>
    reshape(features, [like.shape[0]!, like.shape[1]!, ...features.shape.slice(1)]);
  const parts: Encoder["parts"] = {
    frames: (p, x) => backbone.forward(p, x, normsOf(backboneNorm, p, false)),
    join: (p, features) => join(p, features, normsOf(norm, p, false)),
  };
  return {
    spec,
    parameters,
    buffers,
    noise: { fc1: [K], fc2: [K] },
    init(random) {
      const own = unflatten(backbone.init(random), backbone.parameters);
      const rest = initialize(head, random, { weight: heNormal, bias: zeros });
      const flat = new Float32Array(layoutSize(parameters));
      flat.set(initialStatistics(statistics), flat.length - layoutSize(statistics));
      const arrays = { ...own, ...unflatten(rest, head) };
      for (const [name, { data }] of Object.entries(unflatten(flat, parameters)))
        if (arrays[name]) data.set(arrays[name].data);
      return flat;
    },
    parts,
    forward: (p, x) => parts.join(p, together(parts.frames(p, apart(x)), x)),
    step(p, x, noise) {
      const [own, others] = [normsOf(backboneNorm, p, train !== "frozen"), normsOf(norm, p, true)];
      const features = backbone.forward(p, apart(x), own);
      const embeddings = join(p, together(features, x), others, noise);
      const kept = Object.fromEntries(Object.keys(buffers).map((name) => [name, p[name]!]));
      return { embeddings, buffers: { ...kept, ...own.updated(features), ...others.updated(embeddings) } };
    },
  };
}
