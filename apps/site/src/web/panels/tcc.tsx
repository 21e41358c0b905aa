// The panel of "Temporal Cycle-Consistency Learning": two videos in step, learning from drawings, one cycle hop by hop.
import "../styles/tcc.css";
import { runtimeBytes } from "../../run/runtime-bytes.ts";
import type { AlignResult } from "../../run/tcc/align-pair.ts";
import {
  type AlignInputs,
  type CycleInputs,
  cycleFrames,
  defaultAlign,
  defaultCycle,
  defaultTrain,
  type TrainInputs,
} from "../../run/tcc/inputs.ts";
import type { CycleResult, Learning, LearntResult } from "../../run/tcc/learn.ts";
import type { AlignMessage, TrainMessage } from "../../run/tcc.worker.ts";
import { panel as panelOf, task } from "../panel.ts";
import { AlignedView } from "./tcc/aligned-view.tsx";
import { CycleView } from "./tcc/cycle-view.tsx";
import { learningViews, learntViews } from "./tcc/learnt-views.ts";
import { momentProblem } from "./tcc/moment.ts";
import { VideoDrop, videoOf, videoProblem } from "./tcc/own-video.tsx";
import { clipsOf, clipsProblem, VideosDrop } from "./tcc/own-videos.tsx";
import { drawingsOf, drawingsProblem, PenPad } from "./tcc/pen-pad.tsx";
import { alignSentence, cycleSentence, learntSentence } from "./tcc/wording.ts";
import { worker } from "./tcc/worker.ts";

const runtime = { name: "ONNX Runtime", bytes: runtimeBytes.sent };
const seed = { kind: "number", min: 0, max: 4_294_967_295 } as const;

export const panel = panelOf({
  intro:
    "Two videos of the same action, brought into step by an encoder that learnt without a label. Take drawn videos of pouring or two of your own, follow a frame's cycle there and back, or draw a letter some times and let it learn. Everything is computed here, in your browser.",
  worker,
  tasks: {
    align: task<AlignInputs, AlignMessage, AlignResult, never>({
      label: "In step",
      inputs: {
        source: {
          kind: "choice",
          label: "Videos",
          default: defaultAlign.source,
          options: [
            { value: "drawn", label: "drawn ones" },
            { value: "own", label: "two of your own …" },
          ],
        },
        level: {
          kind: "choice",
          label: "How much they differ",
          default: defaultAlign.level,
          options: [
            { value: "easy", label: "little" },
            { value: "medium", label: "much" },
            { value: "hard", label: "very much" },
          ],
        },
        first: { ...seed, label: "Number of the first video", default: defaultAlign.first },
        second: { ...seed, label: "Number of the second video", default: defaultAlign.second },
        a: { kind: "custom", label: "First video", default: "", check: videoProblem, control: VideoDrop },
        b: { kind: "custom", label: "Second video", default: "", check: videoProblem, control: VideoDrop },
        moment: { kind: "custom", label: "Moment", default: "", check: momentProblem, control: () => null },
      },
      applies: (name, { source }) =>
        name !== "moment" &&
        (name === "source" || (name === "a" || name === "b" ? source === "own" : source === "drawn")),
      presets: [
        { label: "A pair that it has not seen", values: defaultAlign },
        { label: "A harder pair", values: { ...defaultAlign, level: "hard", first: 5, second: 6 } },
      ],
      downloads: () => [runtime, { name: "encoder", bytes: 1_100_000 }],
      run: worker.method("align"),
      message: (inputs) => {
        const [a, b] = [videoOf(inputs.a), videoOf(inputs.b)];
        return { inputs, own: inputs.source === "own" && a && b ? [a, b] : undefined };
      },
      announce: alignSentence,
      views: (result, inputs) => [{ kind: "custom", content: <AlignedView result={result} inputs={inputs} /> }],
    }),
    train: task<TrainInputs, TrainMessage, LearntResult, Learning>({
      label: "Learn",
      inputs: {
        source: {
          kind: "choice",
          label: "Learn from",
          default: defaultTrain.source,
          options: [
            { value: "written", label: "a letter by made-up writers" },
            { value: "own", label: "a letter that you draw …" },
            { value: "clips", label: "videos of your own …" },
          ],
        },
        letter: {
          kind: "choice",
          label: "Letter",
          default: defaultTrain.letter,
          options: (["S", "e", "3", "w"] as const).map((value) => ({ value, label: value })),
        },
        writers: { kind: "number", label: "Writers", default: defaultTrain.writers, min: 3, max: 60 },
        drawings: {
          kind: "custom",
          label: "Draw the same letter several times, each in one stroke",
          default: "",
          check: drawingsProblem,
          control: PenPad,
        },
        clips: {
          kind: "custom",
          label: "Videos of the same action, from its beginning to its end",
          default: "",
          check: clipsProblem,
          control: VideosDrop,
        },
        steps: {
          kind: "number",
          label: "Steps",
          default: defaultTrain.steps,
          min: 20,
          max: 5000,
          hint: "With videos a step may take a second: begin with 50.",
        },
        seed: { ...seed, label: "Seed", default: defaultTrain.seed },
      },
      applies: (name, { source }) =>
        name === "letter" || name === "writers"
          ? source === "written"
          : name === "drawings"
            ? source === "own"
            : name !== "clips" || source === "clips",
      presets: [
        { label: "Thirty writers of an e", values: defaultTrain },
        { label: "Twelve of an S", values: { ...defaultTrain, letter: "S", writers: 12, steps: 200 } },
      ],
      downloads: () => [runtime],
      run: worker.method("learn"),
      message: (inputs) => ({
        inputs,
        drawings: drawingsOf(inputs.drawings),
        clips: clipsOf(inputs.clips).map(({ seen }) => seen),
      }),
      announce: learntSentence,
      partialViews: learningViews,
      views: learntViews,
    }),
    cycle: task<CycleInputs, CycleInputs, CycleResult, never>({
      label: "What the loss does",
      inputs: {
        start: {
          kind: "number",
          label: "Frame that the cycle starts from",
          default: defaultCycle.start,
          min: 0,
          max: cycleFrames[0] - 1,
        },
        temperature: {
          kind: "number",
          label: "Temperature",
          default: defaultCycle.temperature,
          min: 0.001,
          max: 1,
          step: "any",
          hint: "Small ones take the nearest frame, large ones the mean of all.",
        },
        seed: { ...seed, label: "Seed of the two videos", default: defaultCycle.seed },
      },
      presets: [
        { label: "Sharp", values: defaultCycle },
        { label: "Blurred", values: { ...defaultCycle, temperature: 0.5 } },
      ],
      run: worker.method("cycle"),
      message: (inputs) => inputs,
      announce: cycleSentence,
      views: (result, inputs) => [{ kind: "custom", content: <CycleView first={result} inputs={inputs} /> }],
    }),
  },
});
