// Progress and amounts as the user reads them.
import type { Progress } from "@reprise/fasttext/training";

/** One line of progress: words a second and thread, learning rate, mean loss, time left. */
export function progressText({ phase, progress, tokens, tokensPerSecond, lr, loss, secondsLeft }: Progress): string {
  if (phase === "reading") return `Read ${(tokens / 1e6).toFixed(1)}M words`;
  return (
    `Progress: ${(100 * progress).toFixed(1).padStart(5)}% words/sec/thread: ${Math.round(tokensPerSecond)} ` +
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
