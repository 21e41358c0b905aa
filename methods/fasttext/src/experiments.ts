// What of the paper can be trained again, and how: Table 1's rows where their data is at hand, and data that the paper does
// not have.
import type { Data, Experiments, MissingData, Unit } from "@reprise/experiment";
import { measuredShare, stepKind, value } from "@reprise/experiment";
import { publishedTable1, type Settings } from "./config.ts";
import { evaluate } from "./model/evaluate.ts";
import { train } from "./training/train.ts";

/** A data set: Zhang et al.'s CSV files, the folders of the Large Movie Review Dataset, or the tutorial's questions. */
export interface DataSet extends MissingData {
  readonly kind: "csv" | "reviews" | "questions";
}

/** Lines to learn from and lines to test on. */
export interface Texts {
  readonly train: {
    /** The lines in an order that the seed decides, in pieces that are each valid until the next. */
    readonly shuffled: (seed: number) => Iterable<Uint8Array>;
  };
  readonly test: { readonly bytes: Uint8Array };
}

interface Row {
  readonly id: string;
  readonly table: "table1" | "elsewhere";
  readonly set: DataSet;
  readonly column: string;
  /** The paper's accuracy in percent; null where it has none. */
  readonly claimed: number | null;
  readonly settings: Partial<Settings>;
}

const csvSets = [
  ["ag", "AG News", "ag_news_csv", 92.5, 91.5],
  ["sogou", "Sogou", "sogou_news_csv", 96.8, 93.9],
  ["dbpedia", "DBpedia", "dbpedia_csv", 98.6, 98.1],
  ["yelpP", "Yelp polarity", "yelp_review_polarity_csv", 95.7, 93.8],
  ["yelpF", "Yelp full", "yelp_review_full_csv", 63.9, 60.4],
  ["yahoo", "Yahoo! Answers", "yahoo_answers_csv", 72.3, 72],
  ["amazonF", "Amazon full", "amazon_review_full_csv", 60.2, 55.8],
  ["amazonP", "Amazon polarity", "amazon_review_polarity_csv", 94.6, 91.2],
] as const;

const { lr, wordNgrams, bucket, ...common } = publishedTable1;
const reviews: DataSet = { name: "IMDB reviews", kind: "reviews", place: "aclImdb" };
const questions: DataSet = { name: "Cooking questions", kind: "questions", place: "cooking.stackexchange.txt" };
const cooking = { dim: 50, lr: 1, epoch: 25, wordNgrams: 2, bucket: 200_000 } as const;

/** All that can be run. Rates of Table 1 are those of the authors' script, for words alone too; the paper chose them by validation. */
const rows: readonly Row[] = [
  ...csvSets.flatMap(([id, name, place, bigrams, words]): Row[] => {
    const set: DataSet = { name, kind: "csv", place };
    const shared = { table: "table1", set } as const;
    return [
      {
        ...shared,
        id: `table1/${id}/bigrams`,
        column: "bigrams",
        claimed: bigrams,
        settings: { ...common, lr: lr[id], wordNgrams, bucket },
      },
      {
        ...shared,
        id: `table1/${id}/words`,
        column: "words only",
        claimed: words,
        settings: { ...common, lr: lr[id], wordNgrams: 1 },
      },
    ];
  }),
  {
    id: "elsewhere/imdb",
    table: "elsewhere",
    set: reviews,
    column: "bigrams, h = 10",
    claimed: null,
    settings: { dim: 10, lr: 0.5, epoch: 5, wordNgrams: 2, bucket: 1_000_000 },
  },
  ...(
    [
      ["softmax", {}],
      ["hierarchical softmax", { loss: "hs" }],
      ["one against all", { loss: "ova", lr: 0.5 }],
    ] as const
  ).map(
    ([column, settings]): Row => ({
      id: `elsewhere/cooking/${column.replaceAll(" ", "-")}`,
      table: "elsewhere",
      set: questions,
      column: `${column}, h = 50`,
      claimed: null,
      settings: { ...cooking, ...settings },
    }),
  ),
];

/** The data sets of some parts, each once, in their order. */
export const dataSets = (parts: readonly string[]): readonly DataSet[] => [
  ...new Set(rows.filter(({ table }) => parts.includes(table)).map(({ set }) => set)),
];

const trainAndTest = stepKind<{
  parameters: { readonly settings: Partial<Settings>; readonly seed: number };
  data: { readonly texts: Texts };
  value: { readonly hits: number; readonly predicted: number };
}>({
  name: "fasttext/train-and-test",
  version: 1,
  text: ({ settings: { dim, wordNgrams: n, loss = "softmax" } }, { texts }) =>
    `${texts.name}, h = ${dim}, ${n === 1 ? "words" : `word n-grams up to ${n}`}, loss ${loss}`,
  cost: ({ settings: { epoch = 5 } }, { texts: { count = 10_000 } }) => 1e-5 * count * epoch,
  async run({ parameters: { settings, seed }, data: { texts }, signal, onProgress }) {
    const model = await train(
      texts.train.shuffled(seed),
      { ...settings, seed },
      { signal, onProgress: (event) => event.kind === "training" && onProgress(event) },
    );
    const { hits, predicted } = evaluate(model, [texts.test.bytes]).all;
    return { value: { hits, predicted } };
  },
});

/** A share of lines, in [0, 1]; printed in per cent, as the paper does. */
const accuracy: Unit = {
  text: (share) => (100 * share).toFixed(1),
  sign: "",
  claimed: (percent) => percent.toFixed(1),
  of: (lines) => `${lines.toLocaleString("en")} lines`,
};

/** Rows whose data set is not at hand, by its place, have no value. */
export const experiments: Experiments = {
  values({ parts, settings, data }) {
    const { seed, epochs } = settings as { readonly seed: number; readonly epochs?: number }; // checked by paper.ts
    return rows.flatMap(({ id, table, set, column, claimed, settings: given }) => {
      const texts = data(set.place) as Data<Texts> | undefined;
      if (!parts.includes(table) || !texts) return [];
      const changed = epochs === undefined ? given : { ...given, epoch: epochs };
      return [
        value({
          ...{ id, table, row: set.name, column, claimed, seed, unit: accuracy },
          dataSha256: texts.sha256,
          settings: { ...(set.kind === "questions" ? {} : { data: "DIR" }), seed, epochs },
          from: { tested: trainAndTest({ settings: changed, seed }, { data: { texts } }) },
          read: ({
            tested: {
              value: { hits, predicted },
            },
          }) => measuredShare(hits, predicted),
        }),
      ];
    });
  },
};
