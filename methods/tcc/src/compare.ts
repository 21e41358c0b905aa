// A video beside others of its action, frame by frame: the nearest frame, its phase, how unusual it is, how near the goal.
import { type Frames, rowsOf, squaredDistance } from "./plain.ts";

export interface FrameComparison {
  /** The nearest frame of all videos: the place of its video, and its number; the first of equal ones. */
  readonly video: number;
  readonly frame: number;
  readonly distance: number;
  /** The phase of that frame; null without labels. */
  readonly label: number | null;
  /** Its distance as a share of the limit of what is usual: above 1 it is unusual. Null where there is no limit. */
  readonly anomaly: number | null;
  /** −‖φ − goal‖, 0 at the goal and −1 on average where the others begin (after Zakka et al. 2021, XIRL). */
  readonly reward: number;
}

export interface CompareOptions {
  /** The phase of each frame of each of the others. */
  readonly labels?: readonly ArrayLike<number>[];
  /** Share of the others' frames that lie within the limit. */
  readonly usual?: number;
}

export interface Comparison {
  readonly frames: readonly FrameComparison[];
  /** Distance within which frames of the others have a neighbour in another video; null for a single video. */
  readonly limit: number | null;
}

/** So many frames of the others set the limit, at most: their distances to all others are taken. */
const LIMIT_FRAMES = 2000;

/** @throws RangeError without other videos, and for a share outside 0 to 1 */
export function compareFrames(
  query: Frames,
  others: readonly Frames[],
  { labels, usual = 0.95 }: CompareOptions = {},
): Comparison {
  if (others.length === 0) throw new RangeError("compareFrames: no videos to compare with.");
  if (!(usual > 0 && usual <= 1))
    throw new RangeError(`compareFrames: usual is ${usual}; expected a number above 0, 1 at most`);
  const rows = others.map(rowsOf);
  const limit = others.length < 2 ? null : usualDistance(rows, usual);
  const goal = meanOf(rows.map((video) => video.at(-1)!));
  const distanceTo = (row: Float64Array) => Math.sqrt(squaredDistance(row, goal));
  const scale = rows.reduce((sum, video) => sum + distanceTo(video[0]!), 0) / rows.length || 1;
  const frames = rowsOf(query).map((row): FrameComparison => {
    const nearest = nearestOf(row, rows);
    return {
      ...nearest,
      label: labels ? labels[nearest.video]![nearest.frame]! : null,
      anomaly: limit === null || limit === 0 ? null : nearest.distance / limit,
      reward: -distanceTo(row) / scale,
    };
  });
  return { frames, limit };
}

/** @param skip  a video that does not count */
function nearestOf(row: Float64Array, videos: readonly (readonly Float64Array[])[], skip = -1) {
  let best = { video: -1, frame: -1, distance: Number.POSITIVE_INFINITY };
  for (const [video, rows] of videos.entries()) {
    if (video === skip) continue;
    for (const [frame, other] of rows.entries()) {
      const distance = squaredDistance(row, other);
      if (distance < best.distance) best = { video, frame, distance };
    }
  }
  return { ...best, distance: Math.sqrt(best.distance) };
}

/** The distance to the nearest frame of another video that a share of the frames stays within. */
function usualDistance(videos: readonly (readonly Float64Array[])[], share: number): number {
  const count = videos.reduce((sum, rows) => sum + rows.length, 0);
  const stride = Math.ceil(count / LIMIT_FRAMES);
  const distances = videos
    .flatMap((rows, own) => rows.map((row) => ({ row, own })))
    .filter((_, i) => i % stride === 0)
    .map(({ row, own }) => nearestOf(row, videos, own).distance)
    .sort((a, b) => a - b);
  return distances[Math.ceil(share * distances.length) - 1]!;
}

const meanOf = (rows: readonly Float64Array[]): Float64Array =>
  Float64Array.from(rows[0]!, (_, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length);
