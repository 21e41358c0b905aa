// What this browser has loaded for runs, so that nothing is announced that will not be loaded again.
import type { Download } from "./panel.ts";

const key = "loaded";
const loaded = new Set<string>(remembered());
const nameOf = ({ name, bytes }: Download) => `${name} ${bytes}`;

/** Bytes that are still to be loaded. */
export function bytesToLoad(downloads: readonly Download[]): number {
  return downloads.filter((one) => !loaded.has(nameOf(one))).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** They are there now; the browser's cache keeps them. */
export function keepLoaded(downloads: readonly Download[]): void {
  for (const one of downloads) loaded.add(nameOf(one));
  try {
    localStorage.setItem(key, JSON.stringify([...loaded]));
  } catch {
    // Storage is off: they are announced again after a reload.
  }
}

function remembered(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(stored) ? stored.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
