import { existsSync, readFileSync } from "node:fs";
import { Random } from "@reprise/data";
import { describe, expect, test } from "vitest";
import {
  alignmentTau,
  enclosedArea,
  fewShot,
  kendallTau,
  meanAreaError,
  nearestFrames,
  phaseAccuracy,
  phasePath,
  progression,
  progressTargets,
  retrieval,
  softDtw,
  svm,
  warp,
} from "../src/index.ts";

const read = (path: string | URL) => JSON.parse(readFileSync(path, "utf8"));
const frames = (rows: readonly number[][]) => ({ shape: [rows.length, rows[0]!.length], data: rows.flat() });
interface Phases {
  readonly gamma: "scale" | "auto";
  readonly train: { rows: number[][]; labels: number[] }[];
  readonly test: { rows: number[][]; labels: number[] }[];
  readonly decisions: number[][];
  readonly predictions: number[];
  readonly accuracy: number;
  readonly r2: number[];
  readonly retrieval: Record<string, number>;
}
const { taus, phases, dtw } = read(new URL("fixtures/metrics.json", import.meta.url)) as {
  taus: { y: number[]; tau: number | null }[];
  phases: Phases[];
  dtw: { query: number[][]; candidate: number[][]; cost: number; gamma: number; soft: number; nearest: number[] };
};

test("Kendall's τ-b is SciPy's, with ties and without", () => {
  for (const { y, tau } of taus) {
    const found = kendallTau(Array.from(y.keys()), y);
    if (tau === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(tau, 12);
  }
});

describe.each(phases.map((one: Phases, i: number): [number, Phases] => [i, one]))(
  "phases, set %i",
  (_, one: Phases) => {
    const rows = (videos: { rows: number[][] }[]) => videos.flatMap((video) => video.rows);
    const labels = (videos: { labels: number[] }[]) => videos.flatMap((video) => video.labels);

    test("the support vector classifier's decisions and predictions are scikit-learn's", () => {
      const machine = svm(rows(one.train), labels(one.train), { gamma: one.gamma, tolerance: 1e-9 });
      const found = machine.decisions(rows(one.test));
      const worst = Math.max(
        ...found.flatMap((row, i) => Array.from(row, (x, k) => Math.abs(x - one.decisions[i]![k]!))),
      );
      expect(worst).toBeLessThan(1e-5);
      expect(Array.from(machine.predict(rows(one.test)))).toEqual(one.predictions);
      expect(phaseAccuracy(one.train, one.test, { gamma: one.gamma })).toBeCloseTo(one.accuracy, 12);
    });

    test("progression and retrieval are scikit-learn's", () => {
      const { columns } = progression(one.train, one.test, 4);
      for (const [c, r2] of one.r2.entries()) expect(columns[c]).toBeCloseTo(r2, 9);
      for (const [K, share] of Object.entries(one.retrieval))
        expect(retrieval(one.test, Number(K))).toBeCloseTo(share as number, 12);
    });

    test("with all videos labelled, every draw of few-shot is the same classifier", () => {
      const { accuracy, interval } = fewShot(one.train, one.test, { videos: 6, draws: 2, gamma: one.gamma });
      expect(accuracy).toBeCloseTo(one.accuracy, 2);
      expect(interval[1] - interval[0]).toBeLessThan(0.05);
    });
  },
);

describe("alignment", () => {
  const [query, candidate] = [frames(dtw.query), frames(dtw.candidate)];

  test("cost, soft cost and nearest frames are NumPy's", () => {
    const { cost, path } = warp(query, candidate);
    expect(cost).toBeCloseTo(dtw.cost, 12);
    expect(path[0]).toEqual([0, 0]);
    expect(path.at(-1)).toEqual([7, 10]);
    expect(softDtw(query, candidate, { gamma: dtw.gamma })).toBeCloseTo(dtw.soft, 9);
    expect(Array.from(nearestFrames(query, candidate))).toEqual(dtw.nearest);
  });

  test("the path passes pairs that are set by hand, and never goes back", () => {
    const { path, cost } = warp(query, candidate, {
      through: [
        [5, 2],
        [6, 9],
      ],
    });
    expect(path).toContainEqual([5, 2]);
    expect(path).toContainEqual([6, 9]);
    expect(cost).toBeGreaterThanOrEqual(dtw.cost);
    for (const [k, [i, j]] of path.entries()) {
      if (k === 0) continue;
      const [pi, pj] = path[k - 1]!;
      expect([i - pi, j - pj].every((step) => step === 0 || step === 1)).toBe(true);
    }
  });

  test("pairs that cannot be are refused", () => {
    expect(() => warp(query, candidate, { through: [[8, 0]] })).toThrow(
      "frames 8 and 0 are set together; the videos have 8 and 11.",
    );
    expect(() =>
      warp(query, candidate, {
        through: [
          [2, 5],
          [3, 1],
        ],
      }),
    ).toThrow("frames 2 and 5 are set together, and so are 3 and 1; time would run back in one.");
    expect(() => softDtw(query, candidate, { gamma: 0 })).toThrow("softDtw: gamma is 0; expected a number above 0");
  });

  test("the area between two maps is that of the polygon", () => {
    const diagonal = [
      [0, 0],
      [4, 4],
    ] as const;
    expect(enclosedArea(diagonal, diagonal)).toBe(0);
    expect(
      enclosedArea(
        [
          [0, 0],
          [4, 0],
          [4, 4],
        ],
        diagonal,
      ),
    ).toBeCloseTo(0.5); // a triangle
    expect(
      enclosedArea(
        [
          [0, 0],
          [1, 2],
          [3, 2],
          [4, 4],
        ],
        diagonal,
      ),
    ).toBeCloseTo(2 / 16); // two triangles of area 1
  });

  test("a video against itself has τ = 1, against one whose frames are all equal none", () => {
    const still = { shape: [3, 1], data: [1, 1, 1] };
    const moving = { shape: [3, 1], data: [1, 2, 3] };
    expect(alignmentTau([moving, moving]).tau).toBe(1);
    expect(alignmentTau([moving, still]).tau).toBeNull();
  });
});

test("rows without labels are refused", () => {
  expect(() => svm([[1], [2]], [0])).toThrow("svm: 2 rows, 1 labels");
});

const folder = `${process.env.REPRISE_DATA}/tcc/fixtures`;
const missing = existsSync(folder) ? "" : " (skipped: no folder tcc/fixtures in REPRISE_DATA)";
describe.skipIf(missing)(`stored cases${missing}`, () => {
  test("Kendall's τ of pairs", () => {
    const { cases, raw } = read(`${folder}/kendalls_tau.json`);
    for (const { y, tau } of raw) {
      const found = kendallTau(Array.from(y.keys()), y);
      tau === null ? expect(found).toBeNull() : expect(found).toBeCloseTo(tau, 12);
    }
    for (const one of cases) {
      const { tau, pairs } = alignmentTau(one.embs.map(frames), { stride: one.stride, distance: one.distance });
      if (one.mean_tau === null) expect(tau).toBeNull();
      else expect(tau, one.name).toBeCloseTo(one.mean_tau, 12);
      for (const [i, { nns, tau: own }] of one.pairs.entries()) {
        expect(Array.from(pairs[i]!.neighbours)).toEqual(nns);
        own === null ? expect(pairs[i]!.tau).toBeNull() : expect(pairs[i]!.tau).toBeCloseTo(own, 12);
      }
    }
  });

  test("progression", () => {
    for (const one of read(`${folder}/progression.json`).cases) {
      const labelled = (videos: { embs: number[][]; labels: number[] }[]) =>
        videos.map(({ embs, labels }) => ({ rows: embs, labels }));
      for (const { labels, targets } of one.train) {
        const found = progressTargets(labels, one.num_classes);
        for (const [t, row] of targets.entries())
          for (const [c, x] of row.entries()) expect(found[t]![c]).toBeCloseTo(x, 12);
      }
      const { r2, columns } = progression(labelled(one.train), labelled(one.val), one.num_classes);
      for (const [c, x] of one.val_r2_cols.entries()) expect(columns[c], one.name).toBeCloseTo(x, 6);
      expect(r2, one.name).toBeCloseTo(one.val_r2, 6);
    }
  });

  test("support vector classifiers", () => {
    for (const one of read(`${folder}/svm.json`).cases) {
      const machine = svm(one.X, one.y, { gamma: one.gamma });
      const found = machine.predict(one.X_val);
      const sure = one.decision_ovo.map((row: number[]) => row.every((x) => Math.abs(x) > 2e-3));
      const wrong = one.pred_val.filter((label: number, i: number) => sure[i] && label !== found[i]);
      expect(wrong, one.name).toEqual([]);
    }
  });

  test("alignment", () => {
    for (const one of read(`${folder}/alignment.json`).cases) {
      const [query, candidate] = [frames(one.query), frames(one.candidate)];
      expect(Array.from(nearestFrames(query, candidate))).toEqual(one.nn);
      const found = (["euclidean", "sqeuclidean"] as const).map((distance) => warp(query, candidate, { distance }));
      const { path, map } = found.find(({ cost }) => Math.abs(cost - one.dtw_cost) < 1e-9)!;
      expect(path).toEqual(one.dtw_path);
      expect(Array.from(map)).toEqual(one.dtw_map);
    }
  });
});

describe("enclosed-area error", () => {
  const [slow, quick] = [
    [0, 0, 0, 0, 1, 1],
    [0, 0, 1, 1, 1],
  ] as const;

  test("the path of the labels passes every change of phase", () => {
    expect(phasePath(slow, quick)).toEqual([
      [0, 0],
      [4, 2],
      [5, 4],
    ]);
    expect(phasePath([0, 1, 0], [0, 1, 1])).toBeNull();
  });

  test("it is 0 for that path, and the area by hand for the diagonal", () => {
    const truth = phasePath(slow, quick)!;
    expect(meanAreaError([slow, quick], () => truth)).toBe(0);
    // The triangle (0, 0), (4, 2), (5, 4) has the area |4·4 − 2·5|/2 = 3, of a rectangle of 5·4.
    const diagonal = [[0, 0] as const, [5, 4] as const];
    expect(meanAreaError([slow, quick], () => diagonal)).toBeCloseTo(3 / 20, 12);
  });

  test("it is null where no two videos share their phases", () => {
    expect(meanAreaError([[0, 1], [1, 0], [0]], () => [[0, 0]])).toBeNull();
  });
});

test("neighbours found by sketches are those of all distances, equal rows included", () => {
  const random = new Random(5);
  const video = (T: number) => {
    const data = Float32Array.from({ length: T * 40 }, () => random.normal());
    data.copyWithin(40 * 7, 0, 40 * 3); // three frames twice
    return { shape: [T, 40], data };
  };
  const videos = [video(30), video(25), video(41)];
  videos[2]!.data.set(videos[0]!.data.subarray(0, 40 * 5), 40 * 20);
  for (const { query, candidate, neighbours } of alignmentTau(videos).pairs)
    expect(neighbours).toEqual(nearestFrames(videos[query]!, videos[candidate]!));
});
