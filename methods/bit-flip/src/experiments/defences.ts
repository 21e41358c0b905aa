// The same small network with each defence, trained and attacked with several seeds: what helps, and what it costs.
import {
  type Data,
  type Experiments,
  measuredMean,
  measuredShare,
  type StepResult,
  type Unit,
  value,
} from "@reprise/experiment";
import type { Defence } from "@reprise/nn";
import { attackedDigits, type Digits, type DigitsOutcome, type Shield, trained } from "./digits.ts";
import { accuracyUnit, countUnit } from "./flips.ts";

interface Arm {
  readonly id: string;
  readonly row: string;
  readonly bits: number;
  readonly defence: Defence | null;
  readonly shield: Shield | null;
}

/** λ, group sizes and limits are ours: the papers' are for larger networks. */
const arms: readonly Arm[] = [
  { id: "none", row: "none", bits: 8, defence: null, shield: null },
  {
    ...{ id: "clustering", row: "piecewise clustering, λ = 0.05", bits: 8, shield: null },
    defence: { kind: "piecewise-clustering", lambda: 0.05 },
  },
  { id: "binarisation", row: "binarisation, 1 bit", bits: 1, defence: { kind: "binarisation" }, shield: null },
  { id: "clipping", row: "range clipping", bits: 8, defence: null, shield: { kind: "clipping" } },
  {
    ...{ id: "reconstruction", row: "weight reconstruction, groups of 8, 3 deviations", bits: 8, defence: null },
    shield: { kind: "reconstruction", group: 8, limit: 3 },
  },
  {
    ...{ id: "checksums", row: "checksums, groups of 16", bits: 8, defence: null },
    shield: { kind: "checksums", group: 16 },
  },
];

const bytesUnit: Unit = {
  text: (bytes) => Math.round(bytes).toLocaleString("en"),
  sign: " bytes",
  claimed: (bytes) => `${bytes}`,
  of: (runs) => `${runs} networks`,
};

export const defences: Experiments = {
  values({ settings, data }) {
    const { seed, networks, epochs } = settings as {
      readonly seed: number;
      readonly networks: number;
      readonly epochs: number;
    };
    const digits = data("digits") as Data<Digits> | undefined;
    if (!digits) return [];
    return arms.flatMap(({ id, row, bits, defence, shield }) => {
      const runs = Array.from({ length: networks }, (_, i) => {
        const network = trained({ seed: seed + i, epochs, defence }, { data: { digits } });
        return attackedDigits({ bits, sample: seed + i, shield }, { needs: { network }, data: { digits } });
      });
      const column = (
        name: string,
        title: string,
        unit: Unit,
        read: (outcomes: readonly DigitsOutcome[]) => ReturnType<typeof measuredMean>,
      ) =>
        value({
          ...{ table: "defences", row, seed, dataSha256: digits.sha256, settings: { seed, networks, epochs } },
          ...{ id: `defences/${id}/${name}`, column: title, unit, claimed: null, unclaimed: "other networks" },
          from: { runs },
          read: ({ runs: all }: { readonly runs: readonly StepResult<DigitsOutcome>[] }) =>
            read(all.map((run) => run.value)),
        });
      const shares = (of: (outcome: DigitsOutcome) => number) => (all: readonly DigitsOutcome[]) =>
        measuredMean(
          all.map((outcome) => of(outcome) / outcome.images),
          all[0]!.images,
        );
      return [
        column(
          "accuracy",
          "accuracy before",
          accuracyUnit,
          shares(({ before }) => before),
        ),
        column("flips", "flips to 11 %, 300 at most", countUnit, (all) => measuredMean(all.map(({ flips }) => flips))),
        column(
          "after",
          "accuracy after",
          accuracyUnit,
          shares(({ after }) => after),
        ),
        column("bytes", "weights and defence", bytesUnit, (all) => measuredMean(all.map(({ bytes }) => bytes))),
        ...(shield?.kind === "checksums"
          ? [
              column("found", "flips found", accuracyUnit, (all) => {
                const sum = (of: (outcome: DigitsOutcome) => number) =>
                  all.reduce((total, each) => total + of(each), 0);
                return measuredShare(
                  sum(({ found = 0 }) => found),
                  sum(({ flips }) => flips),
                );
              }),
              column(
                "recovered",
                "accuracy after recovery",
                accuracyUnit,
                shares(({ recovered = 0 }) => recovered),
              ),
            ]
          : []),
      ];
    });
  },
};
