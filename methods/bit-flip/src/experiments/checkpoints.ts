// On what the number of flips depends: the same network trained with several seeds, each attacked with several samples.
import { type Data, type Experiments, type Measured, measuredMean, type StepResult, value } from "@reprise/experiment";
import { attackedDigits, type Digits, type DigitsOutcome, trained } from "./digits.ts";
import { countUnit } from "./flips.ts";

export const checkpoints: Experiments = {
  values({ settings, data }) {
    const { seed, networks, samples, epochs } = settings as {
      readonly seed: number;
      readonly networks: number;
      readonly samples: number;
      readonly epochs: number;
    };
    const digits = data("digits") as Data<Digits> | undefined;
    if (!digits) return [];
    const rows = Array.from({ length: networks }, (_, i) => {
      const network = trained({ seed: seed + i, epochs, defence: null }, { data: { digits } });
      return Array.from({ length: samples }, (_, k) =>
        attackedDigits({ bits: 8, sample: seed + k, shield: null }, { needs: { network }, data: { digits } }),
      );
    });
    const common = {
      ...{ table: "checkpoints", seed, dataSha256: digits.sha256, settings: { seed, networks, samples, epochs } },
      ...{ unit: countUnit, claimed: null, unclaimed: "not in the paper", column: "flips to 11 %" },
    };
    const flipsOf = (runs: readonly StepResult<DigitsOutcome>[]) => runs.map((run) => run.value.flips);
    const deviation = (numbers: readonly number[]) => {
      const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
      return Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, numbers.length - 1));
    };
    /** Deviations within groups of so many runs that follow each other. */
    const spread = (groups: readonly (readonly number[])[]): Measured => measuredMean(groups.map(deviation));
    const all = rows.flat();
    return [
      ...rows.map((runs, i) =>
        value({
          ...common,
          ...{ id: `checkpoints/network${i}/flips`, row: `ResNet-8 trained with seed ${seed + i}`, from: { runs } },
          read: ({ runs: found }) => measuredMean(flipsOf(found)),
        }),
      ),
      value({
        ...common,
        ...{
          id: "checkpoints/over-samples/deviation",
          row: "deviation over samples, one network",
          from: { runs: all },
        },
        read({ runs: found }) {
          const flips = flipsOf(found);
          return spread(rows.map((_, i) => flips.slice(i * samples, (i + 1) * samples)));
        },
      }),
      value({
        ...common,
        ...{
          id: "checkpoints/over-networks/deviation",
          row: "deviation over networks, one sample",
          from: { runs: all },
        },
        read({ runs: found }) {
          const flips = flipsOf(found);
          return spread(Array.from({ length: samples }, (_, k) => rows.map((_, i) => flips[i * samples + k]!)));
        },
      }),
    ];
  },
};
