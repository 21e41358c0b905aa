// What of the paper can be trained again, and how: Table 1's rows where their data is at hand, and data that the paper does
// not have.
import { publishedTable1, type Settings } from "./config.ts";
import { MinimalStandard } from "./reference/random.ts";

export const key = "journals/corr/JoulinGBM16";

/** A data set: Zhang et al.'s CSV files, the folders of the Large Movie Review Dataset, or the tutorial's questions. */
export interface DataSet {
  readonly name: string;
  readonly kind: "csv" | "reviews" | "questions";
  /** Where it lies in the folder that is given. */
  readonly place: string;
}

export interface Experiment {
  readonly id: string;
  readonly table: "table1" | "elsewhere";
  readonly data: DataSet;
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
export const experiments: readonly Experiment[] = [
  ...csvSets.flatMap(([id, name, place, bigrams, words]): Experiment[] => {
    const data: DataSet = { name, kind: "csv", place };
    const shared = { table: "table1", data } as const;
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
    data: reviews,
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
    ([column, settings]): Experiment => ({
      id: `elsewhere/cooking/${column.replaceAll(" ", "-")}`,
      table: "elsewhere",
      data: questions,
      column: `${column}, h = 50`,
      claimed: null,
      settings: { ...cooking, ...settings },
    }),
  ),
];

/**
 * A line as the authors' classification-results.sh writes it: ASCII letters in lower case, blanks around ' . , ( ) ! ?, no
 * quotation marks, blanks for ; : and line breaks of HTML, no two blanks in a row.
 *
 * @param line  bytes as characters (latin1)
 */
export function normalised(line: string): string {
  return line
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    .replaceAll("<br />", " ")
    .replaceAll('"', "")
    .replace(/[;:]/g, " ")
    .replace(/['.,()!?]/g, " $& ")
    .replace(/[ \t-\r]+/g, " ")
    .replace(/^ | $/g, "");
}

/** A question as the tutorial writes it: blanks around . ! ? , ' / ( ), ASCII letters in lower case. */
export function normalisedQuestion(line: string): string {
  return line.replace(/[.!?,'/()]/g, " $& ").replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** An order of lines that the seed alone decides: the files of some sets come class by class. */
export function shuffledOrder(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = new MinimalStandard(seed);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
