// What goes wrong, after TIDE (Bolya, Foley, Hays and Hoffman 2020): each false positive and each object that is missed
// has one cause, and the weight of a cause is the AP50 that mending it alone would add.
import {
  type CocoAnnotation,
  type CocoDataset,
  type CocoDetection,
  detectionMask,
  segmentationToRle,
} from "./annotations.ts";
import { evaluateCoco } from "./evaluate.ts";
import { boxIou, rleIou } from "./rle-iou.ts";

/**
 * Of a detection that is not right: the class (overlap enough, another class), the place (the class, too little overlap),
 * both, a second detection of one object, background (no object near). Of an object: missed, and no detection comes close.
 */
export const errorKinds = ["class", "place", "both", "duplicate", "background", "missed"] as const;
export type ErrorKind = (typeof errorKinds)[number];

export interface CocoErrors {
  /** Mean over categories, 0 … 1; −1 where there is no object. */
  readonly ap50: number;
  readonly kinds: readonly {
    readonly kind: ErrorKind;
    readonly count: number;
    /** What mending these alone adds to AP50. */
    readonly gain: number;
  }[];
}

/** Overlap from which a detection is of an object (tf), and below which nothing is near it (tb). */
const [foreground, background] = [0.5, 0.1];

interface Verdict {
  readonly kind: ErrorKind | "right" | "ignored";
  /** Index of the annotation that it would be of. */
  readonly truth: number;
}

export function cocoErrors(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  { type }: { readonly type: "bbox" | "segm" },
): CocoErrors {
  const { annotations, images } = dataset;
  const ap50 = (set: CocoDataset, list: readonly CocoDetection[]) => evaluateCoco(set, list, { type }).stats[1]!;
  const base = ap50(dataset, detections); // refuses what cannot be compared
  const verdicts: Verdict[] = detections.map(() => ({ kind: "background", truth: -1 }));
  const found = new Set<number>();
  const near = new Set<number>();
  const truthsOf = Map.groupBy(annotations.keys(), (g) => annotations[g]!.image_id);
  const detectionsOf = Map.groupBy(detections.keys(), (d) => detections[d]!.image_id);
  for (const { id, height, width } of images) {
    const truths = truthsOf.get(id) ?? [];
    const own = (detectionsOf.get(id) ?? []).sort((a, b) => detections[b]!.score - detections[a]!.score || a - b);
    const iou = overlaps(
      own.map((d) => detections[d]!),
      truths.map((g) => annotations[g]!),
      { type, height, width },
    );
    own.forEach((d, i) => {
      const row = iou.subarray(i * truths.length, (i + 1) * truths.length);
      const verdict = judged(detections[d]!.category_id, row, truths, annotations, found);
      verdicts[d] = verdict;
      if (verdict.kind === "right") found.add(verdict.truth);
    });
  }
  verdicts.forEach(({ kind, truth }) => {
    if (kind === "class" || kind === "place") near.add(truth);
  });
  const missed = new Set(annotations.keys().filter((g) => !annotations[g]!.iscrowd && !found.has(g) && !near.has(g)));
  // Without the objects that are missed there may be none: then nothing is lacking.
  const afterMissed = (ap: number) => (ap < 0 ? 1 : ap);
  return {
    ap50: base,
    kinds: errorKinds.map((kind) => {
      if (kind === "missed") {
        const kept = { ...dataset, annotations: annotations.filter((_, g) => !missed.has(g)) };
        return { kind, count: missed.size, gain: missed.size ? afterMissed(ap50(kept, detections)) - base : 0 };
      }
      const count = verdicts.filter((verdict) => verdict.kind === kind).length;
      const mended = count ? mend(kind, detections, verdicts, annotations, found) : detections;
      return { kind, count, gain: count ? ap50(dataset, mended) - base : 0 };
    }),
  };
}

/** In order of the scores: what is matched already is seen as taken. */
function judged(
  category: number,
  iou: Float64Array,
  truths: readonly number[],
  annotations: readonly CocoAnnotation[],
  found: ReadonlySet<number>,
): Verdict {
  const best = (accepts: (truth: CocoAnnotation, g: number) => boolean) => {
    let [at, most] = [-1, 0];
    truths.forEach((g, k) => {
      if (iou[k]! > most && accepts(annotations[g]!, g)) [at, most] = [g, iou[k]!];
    });
    return { at, most };
  };
  const free = best((truth, g) => truth.category_id === category && !truth.iscrowd && !found.has(g));
  if (free.most >= foreground) return { kind: "right", truth: free.at };
  const crowd = best((truth) => truth.category_id === category && truth.iscrowd === 1);
  if (crowd.most >= foreground) return { kind: "ignored", truth: crowd.at };
  const same = best((truth) => truth.category_id === category && !truth.iscrowd);
  const other = best((truth) => truth.category_id !== category && !truth.iscrowd);
  // TIDE's order: a place that is off, a class that is wrong, a second one, background, both.
  if (same.most >= background && same.most < foreground) return { kind: "place", truth: same.at };
  if (other.most >= foreground) return { kind: "class", truth: other.at };
  if (same.most >= foreground) return { kind: "duplicate", truth: same.at };
  if (Math.max(same.most, other.most) < background) return { kind: "background", truth: -1 };
  return { kind: "both", truth: other.at };
}

/** The detections as if the error were not made; what would then be a second one of its object goes. */
function mend(
  kind: ErrorKind,
  detections: readonly CocoDetection[],
  verdicts: readonly Verdict[],
  annotations: readonly CocoAnnotation[],
  found: ReadonlySet<number>,
): CocoDetection[] {
  const taken = new Set(found);
  const order = [...detections.keys()].sort((a, b) => detections[b]!.score - detections[a]!.score || a - b);
  const changed = new Map<number, CocoDetection>();
  for (const d of order) {
    const { kind: own, truth } = verdicts[d]!;
    if (own !== kind || (kind !== "class" && kind !== "place") || taken.has(truth)) continue;
    taken.add(truth);
    const { bbox, segmentation, category_id } = annotations[truth]!;
    const at = kind === "place" ? { bbox, ...(segmentation ? { segmentation } : {}) } : { category_id };
    changed.set(d, { ...detections[d]!, ...at });
  }
  return detections.flatMap((detection, d) =>
    verdicts[d]!.kind !== kind ? [detection] : changed.has(d) ? [changed.get(d)!] : [],
  );
}

function overlaps(
  detections: readonly CocoDetection[],
  truths: readonly CocoAnnotation[],
  { type, height, width }: { readonly type: "bbox" | "segm"; readonly height: number; readonly width: number },
): Float64Array {
  const crowd = truths.map(({ iscrowd }) => iscrowd ?? 0);
  if (detections.length === 0 || truths.length === 0) return new Float64Array(0);
  if (type === "bbox") {
    const boxes = (list: readonly { readonly bbox?: readonly number[] }[]) =>
      Float64Array.from(list.flatMap(({ bbox = [0, 0, 0, 0] }) => [...bbox]));
    return boxIou(boxes(detections), boxes(truths), crowd);
  }
  return rleIou(
    detections.map((detection, i) => detectionMask(detection, height, width, `detection ${i}`)),
    truths.map(({ id, segmentation }) => segmentationToRle(segmentation!, height, width, `annotation ${id}`)),
    crowd,
  );
}
