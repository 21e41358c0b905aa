// Colours and marks that all charts share. A page overrides them by its classes: CSS wins over SVG's own attributes.

export const ink = "#1f2933";
export const faint = "#d9dee3";

/** Told apart without colour too: each line has its own dashes. */
export const strokes = [
  { stroke: "#1b5e9e" },
  { stroke: "#b3400f", "stroke-dasharray": "6 3" },
  { stroke: "#2f7d32", "stroke-dasharray": "2 3" },
  { stroke: "#6a3d9a", "stroke-dasharray": "8 3 2 3" },
  { stroke: "#555555", "stroke-dasharray": "1 2" },
] as const;

/** Width of a text at 12 px, roughly: enough to leave room for it. */
export const textWidth = (text: string): number => 7 * text.length;

/** A text cut to so many characters. */
export const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, Math.max(0, most - 1))}…` : text;
