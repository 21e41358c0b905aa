// Results in words.
import type { AlignResult } from "../../../run/tcc/align-pair.ts";
import type { CycleResult, LearntResult } from "../../../run/tcc/learn.ts";

const number = (x: number | null) => (x === null ? "undefined" : x.toFixed(2));
const percent = (x: number) => `${Math.round(100 * x)}\u00a0%`;

export function alignSentence({ videos: [a, b], tau, tauRaw, together }: AlignResult): string {
  const frames = `${a.shown.shape[0]} and ${b.shown.shape[0]} frames`;
  const phases = together
    ? ` ${percent(together.aligned)} of the frames are beside one of the same phase, ${percent(together.byTime)} if the videos are only brought to the same length.`
    : "";
  return `Two videos of ${frames}, brought into step: Kendall's τ ${number(tau)}; of the frames as they are ${number(tauRaw)}.${phases}`;
}

export function learntSentence({ what, sequences, heldOut, step, tau, seconds }: LearntResult): string {
  const on = heldOut ? `on ${what} that it has not seen` : `on these ${what} themselves`;
  return `Learnt from ${sequences} ${what} in ${seconds.toFixed(1)} s: Kendall's τ ${number(tau.learnt)} ${on}, at step ${step}; with drawn weights ${number(tau.drawn)}, of ${what === "drawings" ? "the pen's places" : "the frames as they are"} ${number(tau.raw)}.`;
}

export const cycleSentence = ({ truth, mu, variance, loss }: CycleResult): string =>
  `The cycle starts at ${truth.toFixed(2)} of the video and comes back at µ = ${mu.toFixed(2)}, σ = ${Math.sqrt(variance).toFixed(2)}: the loss is ${loss.toFixed(2)}.`;
