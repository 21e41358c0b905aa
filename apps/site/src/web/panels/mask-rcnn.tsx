// The panel of "Mask R-CNN": a picture in, its objects out, and how the network got there.
import "../styles/mask-rcnn.css";
import { defaultInputs, modelBytes, type SegmentInputs } from "../../run/mask-rcnn/inputs.ts";
import type { SegmentResult } from "../../run/mask-rcnn/segment.ts";
import type { SegmentMessage } from "../../run/mask-rcnn.worker.ts";
import { runtimeBytes } from "../../run/runtime-bytes.ts";
import { panel as panelOf, task } from "../panel.ts";
import { ObjectsView } from "./mask-rcnn/objects-view.tsx";
import { OwnPhotoDrop, ownPhoto, ownPhotoProblem } from "./mask-rcnn/own-photo.tsx";
import { ProposalsView } from "./mask-rcnn/proposals-view.tsx";
import { RegionsView } from "./mask-rcnn/regions-view.tsx";
import { resultSentence } from "./mask-rcnn/wording.ts";
import { worker } from "./mask-rcnn/worker.ts";

export const panel = panelOf({
  intro:
    "A small network that knows discs, squares and triangles finds, names and outlines them in a picture that it has not seen. Move the threshold, look at what was proposed, and at what RoIPool’s rounding would do. Everything is computed here, in your browser.",
  worker,
  tasks: {
    segment: task<SegmentInputs, SegmentMessage, SegmentResult, never>({
      label: "Outline objects",
      inputs: {
        picture: {
          kind: "choice",
          label: "Picture",
          default: defaultInputs.picture,
          options: [
            { value: "generated", label: "generated" },
            { value: "photo", label: "your own …" },
          ],
        },
        number: {
          kind: "number",
          label: "Number of the picture",
          default: defaultInputs.number,
          min: 0,
          max: 4_294_967_295,
          hint: "Each draws another picture.",
        },
        photo: {
          kind: "custom",
          label: "Your picture",
          default: defaultInputs.photo,
          check: ownPhotoProblem,
          control: OwnPhotoDrop,
        },
      },
      applies: (name, { picture }) => name === "picture" || (name === "number") === (picture === "generated"),
      presets: [
        { label: "Four squares", values: { picture: "generated", number: 2 } },
        { label: "Shapes that overlap", values: { picture: "generated", number: 9 } },
      ],
      downloads: () => [
        { name: "ONNX Runtime", bytes: runtimeBytes.sent },
        { name: "network", bytes: modelBytes },
      ],
      run: worker.method("segment"),
      message: (inputs) => ({ inputs, photo: inputs.picture === "photo" ? ownPhoto(inputs.photo) : undefined }),
      announce: resultSentence,
      views: (result) => [
        { kind: "custom", content: <ObjectsView result={result} /> },
        { kind: "custom", content: <ProposalsView result={result} /> },
        { kind: "custom", content: <RegionsView result={result} /> },
      ],
    }),
  },
});
