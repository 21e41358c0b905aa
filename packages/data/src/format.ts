// Amounts as readers take them in: the same in terminals, reports and pages.

/** 0.9876 → "98.8 %"; what is not quite all or nothing is not rounded to it: "> 99.9 %", "< 0.1 %". "–" for NaN. */
export function percentText(share: number, { digits = 1 }: { readonly digits?: number } = {}): string {
  if (Number.isNaN(share)) return "–";
  const least = 10 ** -digits;
  const percent = 100 * share;
  const text = percent.toFixed(digits);
  if (share > 0 && Number(text) === 0) return `< ${least.toFixed(digits)} %`;
  if (share < 1 && Number(text) === 100) return `> ${(100 - least).toFixed(digits)} %`;
  return `${text} %`;
}

/** "850 ms", "12.3 s", "1 min 30 s", "2 h 5 min"; "?" for NaN and infinity. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 0.9995) return `${Math.round(1000 * seconds)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 === 0 ? "" : ` ${whole % 60} s`}`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
}

/** Bytes in B, kB, MB or GB, powers of 1000. */
export function bytesText(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 999_950_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
