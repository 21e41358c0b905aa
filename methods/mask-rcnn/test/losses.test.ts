// Losses and gradients of one training step against torchvision's, whose sampler takes the first candidates as ours.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { add, compile, gradient, type Inputs, type Tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { readSafetensors } from "@reprise/nn";
import { describe, expect, test } from "vitest";
import {
  imageBatch,
  MaskRcnn,
  type MaskRcnnOptions,
  type Picture,
  type PictureTargets,
  type ProposalLimits,
  regionShape,
  resizedTargets,
  type SamplingOptions,
  type StateDict,
  type TrainingInput,
  trainingInputs,
  trainingLosses,
} from "../src/index.ts";
import {
  fixture,
  fixtureC4,
  fixtureC5,
  fixtureKeypoints,
  masksOf,
  optionsC5,
  pictures,
  state,
  stateC4,
  stateC5,
  stateKeypoints,
} from "./generated.ts";

interface Step {
  readonly state: StateDict;
  readonly pictures: readonly Picture[];
  readonly targets: readonly PictureTargets[];
  readonly options: MaskRcnnOptions & { readonly minSize: number; readonly maxSize: number };
  readonly limits: ProposalLimits;
  readonly sampling: SamplingOptions;
}

/** The losses, and the gradient of their sum in each named array. */
async function stepOf({ state, pictures, targets, options, limits, sampling }: Step, names: readonly string[]) {
  const runtime = nodeRuntime({ threads: 1 });
  const model = new MaskRcnn(runtime, state, options);
  const batch = imageBatch(pictures, options);
  const { anchors, proposals } = await model.propose(batch, limits);
  await model.release();
  const classes = state["roi_heads.box_predictor.cls_score.bias"]!.shape[0]!;
  const seen = targets.map((own, i) => resizedTargets(own, pictures[i]!, batch.sizes[i]!));
  const inputs: Record<string, Tensor> = {
    images: { dtype: "float32", shape: batch.shape, data: batch.data },
    ...trainingInputs(batch, anchors, proposals, seen, classes, { ...sampling, ...regionShape(state) }),
  };
  for (const name of names) inputs[name] = state[name]!;
  const compiled = compile(runtime, (x: Inputs<string>) => {
    const own = new Map(names.map((name) => [name, x[name]!]));
    const w = (name: string) => own.get(name) ?? x.images!.graph.constant(state[name]!);
    const losses = trainingLosses(state, w, x as Inputs<TrainingInput>, options);
    const gradients = gradient(
      Object.values(losses).reduce((a, b) => add(a, b)),
      [...own.values()],
    );
    return { ...losses, ...Object.fromEntries(names.map((name, i) => [`grad/${name}`, gradients[i]!])) };
  });
  const results = await compiled.run(inputs);
  await compiled.release();
  return results as Readonly<Record<string, Tensor>>;
}

const norm = (data: ArrayLike<number>) => Math.sqrt(Array.from(data).reduce((sum, value) => sum + value * value, 0));
/** What is 0 but for float32's rounding, as the gradient of a softmax's bias, is compared as it is. */
const relative = (got: number, want: number) => Math.abs(got - want) / (Math.abs(want) < 1e-7 ? 1 : Math.abs(want));

test.each([
  ["with a feature pyramid", fixture, state, {}],
  ["of C4", fixtureC4, stateC4, {}],
  ["with keypoints", fixtureKeypoints, stateKeypoints, {}],
  ["of C5 with RoIPool, fully connected layers and a softmax", fixtureC5, stateC5, optionsC5],
] as const)("five losses and every gradient's norm of a small network %s", async (_, made, weights, own) => {
  const { settings: s, anchorSizes, losses, gradientNorms } = made;
  const results = await stepOf(
    {
      state: weights,
      pictures,
      targets: made.targets.map(({ boxes, labels, keypoints }, i) => ({
        ...(keypoints ? { keypoints: keypoints.map((own) => Float32Array.from(own.flat())) } : {}),
        boxes: Float32Array.from(boxes.flat()),
        labels,
        masks: masksOf(pictures[i]!.height, pictures[i]!.width),
      })),
      options: { minSize: s.min_size!, maxSize: s.max_size!, anchorSizes, ...own },
      limits: { preNms: s.rpn_pre_nms_top_n_train!, postNms: s.rpn_post_nms_top_n_train! },
      sampling: { anchorsPerImage: s.rpn_batch_size_per_image!, regionsPerImage: s.box_batch_size_per_image! },
    },
    Object.keys(gradientNorms),
  );
  for (const [name, want] of Object.entries(losses))
    expect(relative(Number(results[name]!.data[0]), want), name).toBeLessThan(1e-5);
  for (const [name, want] of Object.entries(gradientNorms))
    expect(relative(norm(results[`grad/${name}`]!.data as Float32Array), want), name).toBeLessThan(1e-4);
});

const shared = join(process.env.REPRISE_DATA ?? "", "maskrcnn", "fixtures");
describe.skipIf(!process.env.REPRISE_DATA || !existsSync(shared))("as torchvision on REPRISE_DATA", () => {
  // Of r18 the mask head's gradients, and with them the backbone's, differ by up to 2e-3 where the losses and the
  // layers after the head agree: likely ReLUs whose input is 0 to float32's precision. Not established.
  test.each([
    ["tiny", 1e-4],
    ["r18", 2e-3],
  ])(
    "%s, gradients to %d",
    async (name, tolerance) => {
      const read = (path: string) => readSafetensors(readFileSync(join(shared, `${name}.${path}`))).tensors;
      const facts = JSON.parse(readFileSync(join(shared, `${name}.json`), "utf8"));
      const io = read("io.safetensors");
      const own = [0, 1].map((i) => {
        const { shape, data } = io[`image${i}_hwc`]!;
        const [height, width] = shape as [number, number];
        const planar = new Uint8Array(data.length);
        for (let c = 0; c < 3; c++)
          for (let at = 0; at < height * width; at++) planar[c * height * width + at] = Number(data[3 * at + c]);
        const labels = Array.from(io[`gt${i}_labels`]!.data as ArrayLike<number | bigint>, Number);
        const masks = io[`gt${i}_masks`]!.data as Uint8Array;
        return {
          picture: { data: planar, height, width },
          targets: {
            boxes: io[`gt${i}_boxes`]!.data as Float32Array,
            labels,
            masks: labels.map((_, g) => masks.subarray(g * height * width, (g + 1) * height * width)),
          },
        };
      });
      const gradients = Object.keys(io).filter((key) => key.startsWith("grad/"));
      const results = await stepOf(
        {
          state: read("weights.safetensors"),
          pictures: own.map(({ picture }) => picture),
          targets: own.map(({ targets }) => targets),
          options: { minSize: facts.min_size, maxSize: facts.max_size, anchorSizes: facts.anchor_sizes.flat() },
          limits: { preNms: facts.rpn_pre_nms_top_n_train, postNms: facts.rpn_post_nms_top_n_train },
          sampling: {
            anchorsPerImage: facts.rpn_batch_size_per_image,
            regionsPerImage: facts.box_batch_size_per_image,
          },
        },
        gradients.map((key) => key.slice(5)),
      );
      for (const [loss, want] of Object.entries(facts.losses as Record<string, number>))
        expect(relative(Number(results[loss]!.data[0]), want), loss).toBeLessThan(1e-5);
      for (const key of gradients) {
        const want = io[key]!.data as Float32Array;
        const got = results[key]!.data as Float32Array;
        const error = norm(got.map((value, i) => value - want[i]!)) / (norm(want) || 1);
        expect(error, key).toBeLessThan(tolerance);
      }
    },
    120_000,
  );
});
