// The first of the three networks and what is made of its results: features and proposals.
import type { Tensor, Value } from "@reprise/engine";
import { baseAnchors, gridAnchors } from "./anchors.ts";
import { type Arrays, featureLevels, proposalHead, type StateDict } from "./network.ts";
import { proposeRegions } from "./proposals.ts";
import type { Conventions } from "./settings.ts";
import type { ImageBatch } from "./transform.ts";

export interface ProposalLimits {
  /** Anchors of each level before suppression. */
  readonly preNms: number;
  /** Proposals of a picture. */
  readonly postNms: number;
}

/** The graph: `level0` …, `objectness0` … and `deltas0` … of images [N, 3, H, W]. */
export function firstPass(
  state: StateDict,
  w: Arrays,
  images: Value,
  conventions?: Conventions,
): Record<string, Value> {
  const levels = featureLevels(state, w, images, conventions);
  const heads = proposalHead(state, w, levels);
  return Object.fromEntries(
    levels.flatMap((level, k) => [
      [`level${k}`, level],
      [`objectness${k}`, heads[k]!.objectness],
      [`deltas${k}`, heads[k]!.deltas],
    ]),
  );
}

/** Anchors of all levels, [A, 4], and the proposals of each picture with their scores, in pixels of the batch. */
export function proposalsOf(
  found: Readonly<Record<string, Tensor>>,
  { shape, sizes }: Pick<ImageBatch, "shape" | "sizes">,
  {
    anchorSizes,
    ratios,
    preNms,
    postNms,
    conventions = "torchvision",
  }: ProposalLimits & {
    readonly anchorSizes: readonly number[];
    readonly ratios: readonly number[];
    readonly conventions?: Conventions | undefined;
  },
): {
  readonly anchors: Float32Array;
  readonly proposals: readonly Float32Array[];
  readonly scores: readonly Float32Array[];
} {
  const levels = Object.keys(found).filter((name) => /^level\d/.test(name)).length;
  const anchors = Array.from({ length: levels }, (_, k) => {
    // A size for each level of a pyramid; one level alone has all of them.
    const own = levels === 1 ? anchorSizes : [anchorSizes[k]!];
    const [, , rows, columns] = found[`level${k}`]!.shape as [number, number, number, number];
    return gridAnchors(
      baseAnchors(own, ratios, { rounded: conventions === "torchvision" }),
      [rows, columns],
      [shape[2], shape[3]],
    );
  });
  const proposed = sizes.map(([height, width], n) => {
    const parts = anchors.map((own, k) => {
      const A = own.length / 4;
      const of = (name: string, each: number) =>
        (found[`${name}${k}`]!.data as Float32Array).subarray(n * A * each, (n + 1) * A * each);
      return { anchors: own, objectness: of("objectness", 1), deltas: of("deltas", 4) };
    });
    return proposeRegions(parts, { height, width, preNms, postNms });
  });
  return {
    anchors: Float32Array.from(anchors.flatMap((own) => Array.from(own))),
    proposals: proposed.map(({ boxes }) => boxes),
    scores: proposed.map(({ scores }) => scores),
  };
}
