// How the bits that a search finds are shown.
import type { FlipShown, FlipsResult, FlipsSoFar } from "../../../run/bit-flip/flips.ts";
import type { View, ViewOf } from "../../views.ts";
import { bitName, percent, placeText } from "./wording.ts";

/** The fall of the accuracy, while it falls. */
export function fall(
  before: number,
  flips: readonly FlipShown[],
  { random = [], most }: { readonly random?: FlipsResult["random"]; readonly most: number },
): ViewOf<"line"> {
  const end = Math.max(most, 1);
  const points = (list: readonly (readonly [number, number])[]) => list.map(([x, share]) => [x, 100 * share] as const);
  const chance = random.filter(({ flips: count }) => count <= end);
  return {
    kind: "line",
    caption: "Test digits read right, after each flip",
    x: "flipped bits",
    y: "%",
    xDomain: [0, end],
    yDomain: [0, 100],
    lines: [
      {
        name: "bits that the search finds",
        points: points([[0, before], ...flips.map(({ accuracy }, i) => [i + 1, accuracy] as const)]),
      },
      ...(chance.length > 0
        ? [
            {
              name: "random bits",
              points: points([[0, before], ...chance.map(({ flips: x, accuracy }) => [x, accuracy] as const)]),
            },
          ]
        : []),
    ],
  };
}

export const soFarViews = ({ before, flips }: FlipsSoFar, most: number): View[] => [
  fall(before, flips, { most }),
  bitsTable(flips),
];

export const flipsViews = ({ before, flips, random }: FlipsResult): View[] => [
  fall(before.accuracy, flips, { random, most: flips.length }),
  bitsTable(flips),
];

function bitsTable(flips: readonly FlipShown[]): ViewOf<"table"> {
  const aimed = flips.some(({ success }) => success !== null);
  return {
    kind: "table",
    caption: "The bits, in the order in which they were found",
    columns: ["Layer", "Weight", "Bit", "Before", "After", aimed ? "Read as it" : "Right"],
    rows: flips.map((flip) => [
      flip.layer,
      placeText(flip),
      bitName(flip.bit),
      String(flip.before),
      String(flip.after),
      percent(aimed ? (flip.success ?? 0) : flip.accuracy),
    ]),
  };
}
