// Where the reader is in a comparison of drawn videos, in a few letters for the address.
import type { AlignInputs } from "../../../run/tcc/inputs.ts";

type Pair = readonly [number, number];

export interface Moment {
  /** Pairs of frames that are set together by hand. */
  readonly pins: readonly Pair[];
  /** Places on the path. */
  readonly loop: { readonly from: number; readonly to: number | null } | null;
  readonly place: number;
  /** Frames that the second video is moved by hand. */
  readonly moved: number;
}

const start: Moment = { pins: [], loop: null, place: 0, moved: 0 };

/** level.first.second_place.moved[_lfrom-to][_pi-j…]: it holds for the two videos that it names only. */
const form = /^(\w+\.\d+\.\d+)_(\d+)\.(-?\d+)(?:_l(\d+)-(\d+))?((?:_p\d+-\d+)*)$/;

type Videos = Pick<AlignInputs, "level" | "first" | "second">;
const nameOf = ({ level, first, second }: Videos) => `${level}.${first}.${second}`;

export function momentText(videos: Videos, { pins, loop, place, moved }: Moment): string {
  const looped = loop && loop.to !== null ? `_l${loop.from}-${loop.to}` : "";
  return `${nameOf(videos)}_${place}.${moved}${looped}${pins.map(([i, j]) => `_p${i}-${j}`).join("")}`;
}

/** The start where the text is of other videos, or none at all. */
export function momentOf(text: string, videos: Videos): Moment {
  const [, name, place, moved, from, to, pins = ""] = form.exec(text) ?? [];
  if (name !== nameOf(videos)) return start;
  return {
    pins: Array.from(pins.matchAll(/_p(\d+)-(\d+)/g), ([, i, j]) => [Number(i), Number(j)] as const),
    loop: from === undefined ? null : { from: Number(from), to: Number(to) },
    place: Number(place),
    moved: Number(moved),
  };
}

export const momentProblem = (text: string): string | null =>
  text === "" || form.test(text) ? null : "It names no moment of a comparison.";

/** Puts it into the page's address, beside the inputs that are there. */
export function showMoment(text: string): void {
  const rest = location.hash.replace(/&moment=[^&]*/, "");
  history.replaceState(history.state, "", `${rest}&moment=${encodeURIComponent(text)}`);
}
