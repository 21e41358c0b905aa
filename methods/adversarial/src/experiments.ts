// Tables 1 to 4 and §4.2's comparison: which steps each value is of, and where it stands in the paper.
import type { Rate } from "@reprise/data";
import type { Data, Experiments, Step, Unit, Value } from "@reprise/experiment";
import { measuredMean, value } from "@reprise/experiment";
import type { Recipe } from "@reprise/nn";
import {
  claimedAt,
  halvesNetworks,
  halvesRows,
  modelNetworks,
  modelRows,
  type PlannedNetwork,
  plannedNetwork,
  type Shown,
  type Split,
  titleOf,
  trainingSeed,
} from "./experiments/networks.ts";
import { armSettings, arms, seedsPerArm } from "./experiments/regularisation.ts";
import {
  type Attacked,
  attack,
  attackSettings,
  countErrors,
  type Digits,
  regularise,
  show,
  train,
} from "./experiments/steps.ts";
import { trainingSettings } from "./experiments/train.ts";

/** What the options of the tables are set to. */
interface TableSettings {
  /** "DIR" where the data is a folder of the user's. */
  readonly data?: string;
  /** Attacked images per network and split: the first of each. */
  readonly images?: number;
  readonly seed: number;
  /** Replace settings of every network's recipe, for a quick look. */
  readonly epochs?: number;
  readonly optimizer?: Recipe["optimizer"];
}

export const experiments: Experiments = {
  values({ parts, settings, data }) {
    const digits = data("digits") as Data<Digits> | undefined;
    if (!digits) return [];
    const tables = new Tables(digits, settings as unknown as TableSettings); // checked by the options of paper.ts
    return parts.flatMap((part) => {
      if (part === "table1") return tables.one();
      if (part === "table2") return [...tables.transfer("table2", "train"), ...tables.transfer("table2", "test")];
      if (part === "table3") return tables.three();
      if (part === "table4") return tables.transfer("table4", "test");
      if (part === "regularisation") return tables.regularisation();
      throw new RangeError(`there is no part "${part}" of this paper`);
    });
  },
};

/** A share of images, in [0, 1]; printed in per cent. */
const error: Unit = {
  text: (share) => (100 * share).toFixed(2),
  sign: "%",
  claimed: (share) => `${Number((100 * share).toPrecision(6))}%`,
  of: (images) => `${images} images`,
};
/** Root mean square per pixel. */
const distortion: Unit = { text: (rms) => rms.toFixed(4), sign: "", claimed: String, of: error.of };

type Place = Pick<Value, "id" | "table" | "row" | "column"> & {
  /** As the paper prints it, shares in per cent; null where it prints none. */
  readonly printed: number | null;
};

class Tables {
  readonly #digits: Data<Digits>;
  readonly #settings: { readonly images: number; readonly seed: number };
  readonly #recipe: Partial<Recipe>;
  readonly #shared: Pick<Value, "seed" | "dataSha256" | "settings">;

  constructor(digits: Data<Digits>, { data, images = 1000, seed, epochs, optimizer }: TableSettings) {
    this.#digits = digits;
    this.#settings = { images, seed };
    this.#recipe = { ...(epochs === undefined ? {} : { epochs }), ...(optimizer === undefined ? {} : { optimizer }) };
    this.#shared = { seed, dataSha256: digits.sha256, settings: { data, images, seed, epochs, optimizer } };
  }

  one(): Value[] {
    return modelNetworks.flatMap((network, row) => {
      const id = `table1/${network.id}`;
      const place = { table: "table1", row: network.name } as const;
      const of = (column: number) => claimedAt("table1", row, column);
      const errors = { ...place, network };
      return [
        this.#error({ ...errors, id: `${id}/training-error`, column: "training error", printed: of(0) }, "train"),
        this.#error({ ...errors, id: `${id}/test-error`, column: "test error", printed: of(1) }, "test"),
        this.#distortion({ ...errors, id: `${id}/distortion`, column: "av. min. distortion", printed: of(2) }, "train"),
        this.#distortion(
          { ...errors, id: `${id}/distortion/test`, column: "av. min. distortion, test images", printed: null },
          "test",
        ),
      ];
    });
  }

  three(): Value[] {
    return halvesNetworks.flatMap((network, row) => {
      const id = `table3/${network.id}`;
      const place = { table: "table3", row: `${network.name} on ${network.part.toUpperCase()}`, network };
      const errors = (["p1", "p2", "test"] as const).map((part, column) =>
        this.#error(
          {
            ...place,
            id: `${id}/${part}-error`,
            column: part === "test" ? "test error" : `error on ${part.toUpperCase()}`,
            printed: claimedAt("table3", row, column),
          },
          part,
        ),
      );
      const column = "av. min. distortion";
      const printed = claimedAt("table3", row, 3);
      return [...errors, this.#distortion({ ...place, id: `${id}/distortion`, column, printed }, "test")];
    });
  }

  /** Tables 2 and 4. Our rows beyond the paper's have no claimed values; nor has Table 2 on test images. */
  transfer(table: "table2" | "table4", split: Split): Value[] {
    const [rows, networks] = table === "table2" ? [modelRows, modelNetworks] : [halvesRows, halvesNetworks];
    const asInPaper = table === "table4" || split === "train";
    return rows.flatMap(({ id, shown: images }, row) => {
      const shown = this.#show(images, networks, split);
      return networks.map((network, column) =>
        this.#share(
          {
            id: `${table}/${id}/${network.id}${asInPaper ? "" : "/test"}`,
            table,
            row: `${titleOf(images)}${asInPaper ? "" : " (test images)"}`,
            column: network.name,
            printed: asInPaper ? claimedAt(table, row, column) : null,
          },
          { shown },
          (results) => results.shown.value.errors[column]!,
        ),
      );
    });
  }

  /** §4.2: mean test error of each arm over its seeds, with Student's interval; images are those of all its tests. */
  regularisation(): Value[] {
    const { seed } = this.#settings;
    const seeds = Array.from({ length: seedsPerArm }, (_, i) => seed + i);
    return arms.map((arm) =>
      value({
        ...this.#shared,
        settings: { ...this.#shared.settings, only: "regularisation" },
        id: `regularisation/${arm.id}/test-error`,
        table: "regularisation",
        row: arm.name,
        column: `test error, mean of ${seeds.length} seeds`,
        unit: error,
        claimed: arm.claimed === null ? null : arm.claimed / 100,
        unclaimed: "no number",
        from: {
          trained: seeds.map((each) =>
            regularise(armSettings(arm, each, this.#recipe), { data: { digits: this.#digits } }),
          ),
        },
        read({ trained }) {
          const images = trained.reduce((sum, { value: { of } }) => sum + of, 0);
          const mean = measuredMean(
            trained.map(({ value: { rate } }) => rate),
            images,
          );
          return { ...mean, low: Math.max(0, mean.low) };
        },
      }),
    );
  }

  #error({ network, ...place }: Place & { readonly network: PlannedNetwork }, part: keyof Digits): Value {
    const trained = this.#train(network);
    const data = { digits: this.#digits };
    const counted = countErrors({ network: network.id }, { needs: { network: trained }, data });
    return this.#share(place, { trained, counted }, (results) => results.counted.value[part]);
  }

  #share<N extends Value["from"]>(
    { printed, ...place }: Place,
    from: N,
    rateIn: (results: Parameters<Value<N>["read"]>[0]) => Rate,
  ): Value {
    return value({
      ...this.#shared,
      ...place,
      unit: error,
      claimed: printed === null ? null : printed / 100,
      from,
      read(results) {
        const { rate: number, low, high, of: examples } = rateIn(results);
        return { number, low, high, examples };
      },
    });
  }

  #distortion({ network, printed, ...place }: Place & { readonly network: PlannedNetwork }, split: Split): Value {
    return value({
      ...this.#shared,
      ...place,
      unit: distortion,
      claimed: printed,
      from: { attacked: this.#attack(network, split) },
      read({
        attacked: {
          value: { distortions, failed, alreadyTarget },
        },
      }) {
        if (distortions.length === 0)
          throw new Error(
            `no image of ${place.row} reached its target (${failed} failed, ${alreadyTarget} had it). Has the network learned? Look at its test error; else ask for more images.`,
          );
        return measuredMean(distortions);
      },
    });
  }

  #train(network: PlannedNetwork): Step<null> {
    const seed = trainingSeed(network, this.#settings.seed);
    return train(trainingSettings(network, seed, this.#recipe), { data: { digits: this.#digits } });
  }

  #attack(network: PlannedNetwork, split: Split): Step<Attacked> {
    const { images, seed } = this.#settings;
    const parameters = { network: network.id, split, images, seed, ...attackSettings };
    return attack(parameters, { needs: { network: this.#train(network) }, data: { digits: this.#digits } });
  }

  #show(shown: Shown, networks: readonly PlannedNetwork[], split: Split) {
    const { images, seed } = this.#settings;
    const needs = {
      networks: networks.map((network) => this.#train(network)),
      ...(shown.kind === "noise" ? {} : { attacked: this.#attack(plannedNetwork(shown.network), split) }),
    };
    const parameters = { shown, networks: networks.map(({ id }) => id), split, images, seed };
    return show(parameters, { needs, data: { digits: this.#digits } });
  }
}
