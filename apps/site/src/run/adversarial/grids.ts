// What the look at units gives. Light: the page shows it without the engine.

/** "first" and "last" hidden layer; "scores" are what goes into the softmax. */
export type LayerChoice = "first" | "last" | "scores";

/** The images that lie furthest along one direction of the layer. */
export interface Grid {
  /** Number of the unit, or null for a random direction. */
  readonly unit: number | null;
  /** Rows of the test images, the furthest first, and their labels; fewer where fewer excite the unit at all. */
  readonly images: readonly number[];
  readonly labels: readonly number[];
}

export interface UnitsResult {
  readonly units: readonly Grid[];
  readonly directions: readonly Grid[];
  /** Pixels in [0, 1] of the images of all grids, by their row. */
  readonly pixels: ReadonlyMap<number, Float32Array>;
  /** Values in the layer, and images it saw. */
  readonly width: number;
  readonly images: number;
  /**
   * Of the images in a grid, the share that carry its commonest label, averaged over the units of the layer (of at most
   * 1,000) that a full grid of images excites, `counted`, and over as many random directions as the layer has units.
   */
  readonly purity: { readonly units: number; readonly directions: number; readonly counted: number };
}

/** Images in a grid, and grids of each kind. */
export const gridSize = 8;
export const gridCount = 4;
/** Share of the images of a grid that carry its commonest label. */
export function purityOf({ labels }: Pick<Grid, "labels">): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}
