// The one ONNX file against the model in parts, run by onnxruntime-node as it is: torchvision's small networks.
import { nodeRuntime } from "@reprise/engine/node";
import { expect, test } from "vitest";
import { exportMaskRcnn, MaskRcnn } from "../src/index.ts";
import {
  fixture,
  fixtureC4,
  fixtureC5,
  fixtureV2,
  optionsC5,
  pictures,
  state,
  stateC4,
  stateC5,
  stateV2,
} from "./generated.ts";

test.each([
  ["maskrcnn_resnet50_fpn", fixture, state, {}],
  ["maskrcnn_resnet50_fpn_v2", fixtureV2, stateV2, {}],
  ["C4 by detectron2's rules", fixtureC4, stateC4, { conventions: "detectron2-caffe" }],
  ["C5 with RoIPool and a softmax", fixtureC5, stateC5, optionsC5],
] as const)("a file of the layout of %s finds the same", async (_, { settings, anchorSizes }, weights, own) => {
  const runtime = nodeRuntime({ threads: 1 });
  const sizes = { minSize: settings.min_size!, maxSize: settings.max_size!, anchorSizes, canonicalSize: 224, ...own };
  const limits = {
    ...{ preNms: settings.rpn_pre_nms_top_n_test!, postNms: settings.rpn_post_nms_top_n_test! },
    ...{ scoreThreshold: settings.box_score_thresh!, detections: settings.box_detections_per_img! },
  };
  const model = new MaskRcnn(runtime, weights, { ...sizes, ...limits });
  for (const picture of pictures) {
    const { height, width, data } = picture;
    const [want] = await model.segment([picture]);
    const bytes = exportMaskRcnn(weights, { ...sizes, ...limits, height, width });
    const session = await runtime.load(bytes);
    const image = { dtype: "float32", shape: [1, 3, height, width], data: Float32Array.from(data) } as const;
    const got = await session.run({ image });
    await session.release();
    const D = want!.labels.length;
    expect(Number(got.count!.data[0])).toBe(D);
    expect(Array.from(got.labels!.data.subarray(0, D), Number)).toEqual([...want!.labels]);
    const worst = (name: string, values: Float32Array) =>
      values.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(got[name]!.data[i]))), 0);
    expect(worst("boxes", want!.boxes)).toBeLessThan(1e-3);
    expect(worst("scores", want!.scores)).toBeLessThan(1e-5);
    expect(worst("masks", want!.masks)).toBeLessThan(1e-4);
    expect(Array.from(got.scores!.data.subarray(D), Number).every((score) => score === 0)).toBe(true);
    expect(got.masks!.shape).toEqual([limits.detections, ...(weights === stateC4 ? [14, 14] : [28, 28])]);
  }
  await model.release();
});
