// A made-up paper for the tests: numbers are drawn, squared, and averaged over seeds.
import {
  type Data,
  measuredMean,
  measuredShare,
  type Step,
  stepKind,
  type Unit,
  type Value,
  value,
} from "../src/index.ts";

/** What ran, in order; tests read it. */
export type Log = string[];
/** What a lane of these tests owns. */
export interface Lane {
  readonly name: string;
  readonly log: Log;
  /** Called as a step begins; what it throws, the step throws. */
  readonly before?: (text: string, signal: AbortSignal) => Promise<void>;
}

type Drawn = readonly number[];

/** The kinds, of one version of the method. */
const kinds = (version: number) => ({
  draw: stepKind<{
    parameters: { readonly seed: number; readonly count: number };
    data: { offset: number };
    value: Drawn;
    lane: Lane;
  }>({
    name: "digits/draw",
    version,
    text: ({ seed }) => `drawing ${seed}`,
    cost: ({ count }) => count,
    async run({ parameters: { seed, count }, data, lane, random, signal, onProgress }) {
      await begin(lane, `draw ${seed}`, signal);
      const numbers = Array.from({ length: count }, () => data.offset + seed + random.integer(10));
      onProgress({ done: 1, total: 2 });
      return { value: numbers, files: { "numbers.f64": new Uint8Array(Float64Array.from(numbers).buffer) } };
    },
  }),

  square: stepKind<{
    parameters: { readonly power: number };
    needs: { drawn: Step<Drawn> };
    value: Drawn;
    lane: Lane;
  }>({
    name: "digits/square",
    version,
    text: ({ power }) => `raising to ${power}`,
    async run({ parameters: { power }, needs: { drawn }, lane, signal }) {
      await begin(lane, `square ${drawn.value.join()}`, signal);
      const bytes = await drawn.file("numbers.f64");
      return { value: Array.from(new Float64Array(bytes.slice().buffer), (x) => x ** power) };
    },
  }),

  average: stepKind<{
    parameters: Readonly<Record<never, never>>;
    needs: { all: readonly Step<Drawn>[] };
    value: number;
    lane: Lane;
  }>({
    name: "digits/average",
    version,
    text: () => "averaging",
    async run({ needs: { all }, lane, signal }) {
      await begin(lane, "average", signal);
      const numbers = all.flatMap(({ value: each }) => each);
      return { value: numbers.reduce((a, b) => a + b, 0) / numbers.length };
    },
  }),
});
const versions = [1, 2].map(kinds);

async function begin({ name, log, before }: Lane, text: string, signal: AbortSignal): Promise<void> {
  log.push(`${name} ${text}`);
  await before?.(text, signal);
  signal.throwIfAborted();
}

const plain: Unit = { text: (x) => x.toFixed(2), sign: "", claimed: String, of: (n) => `${n} numbers` };
const percent: Unit = {
  text: (x) => (100 * x).toFixed(1),
  sign: "%",
  claimed: (x) => `${x}%`,
  of: (n) => `${n} numbers`,
};

export const offset: Data<number> = { name: "the offset", sha256: "0".repeat(64), load: async () => 100 };

export interface DigitsOptions {
  readonly seeds?: readonly number[];
  readonly power?: number;
  readonly data?: Data<number>;
  readonly version?: 1 | 2;
}

/** Two values of three draws: a mean of their squares, and a share of the first that is even. */
export function digits({
  seeds = [1, 2, 3],
  power = 2,
  data = offset,
  version = 1,
}: DigitsOptions = {}): readonly Value[] {
  const { draw, square, average } = versions[version - 1]!;
  const drawn = seeds.map((seed) => draw({ seed, count: 5 }, { data: { offset: data } }));
  const squared = drawn.map((each) => square({ power }, { needs: { drawn: each } }));
  const mean = average({}, { needs: { all: squared } });
  const shared = { seed: 0, dataSha256: data.sha256, settings: { seed: 0, power } };
  return [
    value({
      ...shared,
      ...{ id: "table1/mean", table: "table1", row: "squares", column: "mean", unit: plain, claimed: 10_000 },
      from: { mean, squared },
      read: ({ squared: all }) => measuredMean(all.flatMap(({ value: numbers }) => [...numbers])),
    }),
    value({
      ...shared,
      ...{
        id: "table2/even",
        table: "table2",
        row: "draws",
        column: "even",
        unit: percent,
        claimed: null,
        tolerance: 1,
      },
      from: { first: drawn[0]! },
      read: ({ first }) => measuredShare(first.value.filter((x) => x % 2 === 0).length, first.value.length),
    }),
  ];
}
