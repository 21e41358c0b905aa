// What learning from drawings is shown as, while it goes on and after.
import type { TrainInputs } from "../../../run/tcc/inputs.ts";
import type { Learning, LearntResult } from "../../../run/tcc/learn.ts";
import type { View } from "../../views.ts";

export const learningViews = ({ losses, taus }: Learning, { steps }: TrainInputs): View[] => [
  {
    kind: "line",
    caption: "Loss: how far cycles miss",
    x: "step",
    y: "loss",
    xDomain: [0, steps],
    lines: [{ name: "loss", points: losses }],
  },
  {
    kind: "line",
    caption: "Kendall's τ: whether they are in step",
    x: "step",
    y: "τ",
    xDomain: [0, steps],
    yDomain: [-0.2, 1],
    lines: [{ name: "τ", points: taus }],
  },
];

export const learntViews = (result: LearntResult, inputs: TrainInputs): View[] => [
  ...learningViews(result, inputs),
  ...(result.paths.length > 0
    ? [{ kind: "line" as const, caption: "The drawings", x: "", y: "", lines: result.paths }]
    : []),
  {
    kind: "line",
    caption: "What was learnt of them: embeddings frame by frame, on their first two principal components",
    x: "first",
    y: "second",
    lines: result.trajectories,
  },
  {
    kind: "line",
    caption: "The first of them by time: where the lines have the same height, the frames belong together",
    x: "time, as a share of each",
    y: "first",
    xDomain: [0, 1],
    lines: result.trajectories.map(({ name, points }) => ({
      name,
      points: points.map(([first], t) => [t / Math.max(1, points.length - 1), first] as const),
    })),
  },
];
