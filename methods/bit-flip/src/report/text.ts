// An attack for the terminal.
import { durationText, percentText } from "@reprise/data";
import type { AttackDocument } from "./document.ts";

const percent = (share: number | null) => (share === null ? "–" : percentText(share));

const reasons: Readonly<Record<AttackDocument["stopped"], string>> = {
  accuracy: "the accuracy is as low as asked for",
  success: "as many images get the target as asked for",
  flips: "the most flips that were allowed",
  seconds: "the time is up",
  stuck: "no flip moves the loss any more",
};

export function attackText(document: AttackDocument, folder: string | undefined): string {
  const { model, bits, before, after, flips, stopped, status, seconds, hammingDistance, random } = document;
  const lines = flips.map(
    ({ iteration, layer, index, bit, before: old, after: now, loss, accuracy, success, address }) =>
      [
        `${iteration}`.padStart(4),
        `${layer}[${index}]`.padEnd(28),
        `bit ${bit}  ${`${old}`.padStart(4)} → ${`${now}`.padStart(4)}`,
        `loss ${loss.toFixed(4)}`,
        `accuracy ${percent(accuracy)}`,
        ...(success === undefined ? [] : [`target ${percent(success)}`]),
        `byte ${address.byte} ^ 0x${address.mask.toString(16).padStart(2, "0")}`,
      ].join("  "),
  );
  const guess = random?.map(
    ({ flips: count, trials, mean, low, high }) =>
      `${count} random flips, ${trials} times: accuracy ${percent(mean)}${low === null ? "" : ` (95 % interval ${percent(Math.max(0, low))} to ${percent(Math.min(1, high ?? 1))})`}`,
  );
  return [
    `${model}, ${bits} bits: accuracy ${percent(before.accuracy)} → ${percent(after.accuracy)} by ${flips.length} flips (Hamming distance ${hammingDistance}) in ${durationText(seconds)}`,
    ...(before.success === undefined
      ? []
      : [
          `images with the target: ${percent(before.success)} → ${percent(after.success ?? null)}; accuracy of the others ${percent(before.othersAccuracy ?? null)} → ${percent(after.othersAccuracy ?? null)}`,
        ]),
    ...lines,
    ...(guess ?? []),
    `stopped: ${reasons[stopped]}${status === "reached" ? "" : "; not what was to be reached, this is the best so far"}`,
    ...(folder === undefined ? [] : [`report, quantised.onnx and flipped.onnx are in ${folder}`]),
  ].join("\n");
}
