// Progress and amounts as the user reads them.
import type { Progress } from "../training.ts";

/** One line of progress: words a second and thread, learning rate, mean loss, time left. */
export function progressText(progress: Progress): string {
  if (progress.kind === "epoch")
    return `Epoch ${progress.done}: F1 ${progress.score.toFixed(3)}, best ${progress.kept.score.toFixed(3)} (epoch ${progress.kept.epoch})`;
  if (progress.kind !== "training") return `Read ${(progress.done / 1e6).toFixed(1)}M words`;
  const { done, total, tokensPerSecond, lr, loss, secondsLeft } = progress;
  const share = total === 0 ? 1 : done / total;
  return (
    `Progress: ${(100 * share).toFixed(1).padStart(5)}% words/sec/thread: ${Math.round(tokensPerSecond)} ` +
    `lr: ${lr.toFixed(6)} avg.loss: ${Number.isNaN(loss) ? "unknown" : loss.toFixed(6)} ETA: ${clock(secondsLeft)}`
  );
}

/** Bytes in kB, MB or GB. */
export function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Seconds as "1h 2m 3s". */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const s = Math.round(seconds);
  return `${Math.floor(s / 3600)}h${String(Math.floor(s / 60) % 60).padStart(2)}m${String(s % 60).padStart(2)}s`;
}
