// fastText: whole processes against the C++ program, CPU and wall seconds, peak memory, accuracy. Cases of two threads also
// against ours with one, and beside two processes of one thread each at once, which share no work and no memory.
//   REPRISE_DATA=…            folder that holds fasttext/imdb, fasttext/cooking, fasttext/lid176, fasttext/wasm-lid-bench
//   FASTTEXT_NATIVE=…         a -march=native build of the program, measured besides the one on the path
//   FASTTEXT_SIDES="ours native"  only these of ours, native, path (the program on the path)
//   FASTTEXT_CASES="a b"      only these cases; FASTTEXT_ROUNDS=3 rounds, each side once a round
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { normalised, normalisedQuestion } from "@reprise/fasttext/preparation";
import { median, printMachine } from "./harness.ts";

const data = process.env.REPRISE_DATA;
if (!data || !existsSync(join(data, "fasttext"))) {
  console.error("bench fasttext: set REPRISE_DATA to the folder that holds fasttext/imdb, fasttext/cooking, …");
  process.exit(2);
}
const folder = join(tmpdir(), "reprise-bench-fasttext");
mkdirSync(folder, { recursive: true });
const main = fileURLToPath(new URL("../apps/cli/bin/reprise.mjs", import.meta.url));
const ours = [process.execPath, main, "fasttext"];
const native = process.env.FASTTEXT_NATIVE;
const programs: Record<string, string[]> = { ours, ...(native ? { native: [native] } : {}), path: ["fasttext"] };
const chosen = process.env.FASTTEXT_SIDES?.split(" ") ?? Object.keys(programs);
const sides = Object.fromEntries(Object.entries(programs).filter(([name]) => chosen.includes(name)));

interface Cost {
  /** User and system seconds of the whole process. */
  readonly cpu: number;
  readonly wall: number;
  readonly megabytes: number;
}

/** Runs a program to its end. */
function cost([command = "", ...args]: readonly string[]): Cost {
  const done = spawnSync("/usr/bin/time", ["-f", "%U %S %e %M", command, ...args], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const [user, system, wall, kilobytes] = done.stderr.trim().split("\n").at(-1)!.split(" ").map(Number);
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.stderr}`);
  return { cpu: user! + system!, wall: wall!, megabytes: kilobytes! / 1024 };
}

function prepare(): void {
  for (const part of ["train", "test"]) {
    const rows = gunzipSync(readFileSync(join(data!, `fasttext/imdb/${part}.tsv.gz`)))
      .toString("latin1")
      .split("\n");
    const lines = rows
      .map((row) => row.split("\t"))
      .filter((cells) => cells[0] === "pos" || cells[0] === "neg")
      .map(([label, , , ...text]) => `__label__${label} ${normalised(text.join(" "))}`);
    for (let i = lines.length - 1, state = 1; i > 0; i--) {
      state = (state * 48271) % 2147483647;
      const j = state % (i + 1);
      [lines[i], lines[j]] = [lines[j]!, lines[i]!];
    }
    writeFileSync(join(folder, `imdb.${part}`), `${lines.join("\n")}\n`, "latin1");
  }
  for (const part of ["train", "valid"]) {
    const text = readFileSync(join(data!, `fasttext/cooking/cooking.${part}`), "latin1");
    writeFileSync(join(folder, `cooking.${part}`), normalisedQuestion(text), "latin1");
  }
  const lid = readFileSync(join(data!, "fasttext/wasm-lid-bench/test.csv"), "utf8");
  writeFileSync(join(folder, "lid.txt"), lid.replaceAll('"', "").replace(/^[a-z]+,/gm, ""));
}

/** Two processes of one thread each, at once. */
function twoAtOnce(args: string): Cost {
  const both = '"$@" -output at-once-1 & first=$!; "$@" -output at-once-2 && wait $first';
  return cost(["sh", "-c", both, "sh", ...ours, ...args.replace("-thread 2 -output OUT", "-thread 1").split(" ")]);
}

const imdb = (epochs: number) =>
  `supervised -input imdb.train -dim 10 -lr 0.5 -wordNgrams 2 -minCount 1 -bucket 1000000 -epoch ${epochs}`;
const cooking = "supervised -input cooking.train -lr 1.0 -epoch 25 -wordNgrams 2 -bucket 200000 -dim 50";
const lid = join(data, "fasttext/lid176/lid.176.ftz");

/** Name, arguments (`OUT` becomes the side's own file), what to test the result on, and the share that is to be met. */
const cases: Record<string, { args: string; test?: string; goal: string }> = {
  "imdb-5": { args: `${imdb(5)} -thread 1 -output OUT`, test: "imdb.test", goal: "cpu ≤ 1/3 native, ≤ 1/5 Debian" },
  "imdb-25": { args: `${imdb(25)} -thread 1 -output OUT`, test: "imdb.test", goal: "cpu ≤ 1/5 native" },
  "imdb-5-2threads": {
    args: `${imdb(5)} -thread 2 -output OUT`,
    test: "imdb.test",
    goal: "wall ≤ 0.6 of ours with 1 thread",
  },
  "imdb-25-2threads": {
    args: `${imdb(25)} -thread 2 -output OUT`,
    test: "imdb.test",
    goal: "wall ≤ 0.6 of ours with 1 thread",
  },
  cooking: { args: `${cooking} -thread 1 -output OUT`, test: "cooking.valid", goal: "cpu ≤ 1/2 native" },
  "cooking-2threads": {
    args: `${cooking} -thread 2 -output OUT`,
    test: "cooking.valid",
    goal: "wall ≤ 0.6 of ours with 1 thread",
  },
  "cooking-hs": { args: `${cooking} -loss hs -thread 1 -output OUT`, test: "cooking.valid", goal: "" },
  "cooking-ova": {
    args: `${cooking} -lr 0.5 -loss one-vs-all -thread 1 -output OUT`,
    test: "cooking.valid",
    goal: "",
  },
  test: { args: "test ours-imdb-5.bin imdb.test", goal: "cpu ≤ 1/1.5 native" },
  predict: { args: "predict ours-imdb-5.bin imdb.test", goal: "cpu ≤ 1/1.5 native" },
  lid: { args: `predict ${lid} lid.txt`, goal: "" },
};

prepare();
printMachine();
console.log(
  `${cpus().length} CPUs; medians of CPU seconds (user + system), wall seconds, peak MB; ratio = CPU of ours / theirs`,
);
const wanted = process.env.FASTTEXT_CASES?.split(" ") ?? Object.keys(cases);
const rounds = Number(process.env.FASTTEXT_ROUNDS ?? 3);
for (const name of wanted) {
  const { args, test, goal } = cases[name] ?? { args: "", goal: "unknown case" };
  const costs: Record<string, Cost[]> = {};
  const keep = (side: string, spent: Cost) => {
    costs[side] = [...(costs[side] ?? []), spent];
  };
  const shared = "ours" in sides && args.includes("-thread 2");
  for (let round = 0; round < rounds; round++) {
    for (const [side, command] of Object.entries(sides)) {
      const own = args.replace("OUT", `${side}-${name}`).split(" ").filter(Boolean);
      keep(side, cost([...command, ...own]));
    }
    if (!shared) continue;
    keep("one", cost([...ours, ...args.replace("-thread 2 -output OUT", "-thread 1 -output one").split(" ")]));
    keep("at once", twoAtOnce(args));
  }
  // Ours once more, telling where its wall time goes.
  let split = "";
  if (costs.ours && args.includes("OUT")) {
    const own = args.replace("OUT", `ours-${name}`).split(" ").filter(Boolean);
    const [command = "", ...rest] = [...ours, ...own, "-json"];
    const told = spawnSync(command, rest, { cwd: folder, encoding: "utf8" }).stdout;
    const seconds = Object.entries((JSON.parse(told) as { seconds: Record<string, number> }).seconds);
    split = `  wall split: ${seconds.map(([phase, value]) => `${phase} ${value.toFixed(2)}`).join(", ")}`;
  }
  const of = (side: string, what: keyof Cost) => median(costs[side]!.map((c) => c[what]));
  console.log(`\n${name}   ${goal}\n  ${args}`);
  if (shared) {
    const walls = (side: string) => costs[side]!.map(({ wall }) => wall);
    const [two, one, atOnce] = ["ours", "one", "at once"].map(walls) as [number[], number[], number[]];
    const ratios = (of: number[], scale: number) => of.map((wall, round) => wall / (scale * one[round]!));
    const show = (of: number[]) => `${median(of).toFixed(2)} (${of.map((ratio) => ratio.toFixed(2)).join(", ")})`;
    console.log(
      `  wall with two threads / with one ${show(ratios(two, 1))}; two processes at once / ` +
        `one after the other ${show(ratios(atOnce, 2))}`,
    );
  }
  for (const side of Object.keys(sides)) {
    const ratio = side === "ours" ? "" : `  ratio ${(of("ours", "cpu") / of(side, "cpu")).toFixed(3)}`;
    const score = test
      ? spawnSync("fasttext", ["test", `${side}-${name}.bin`, test], { cwd: folder, encoding: "utf8" }).stdout
      : "";
    const p1 = /P@1\t(\S+)/.exec(score)?.[1];
    console.log(
      `  ${side.padEnd(7)} cpu ${of(side, "cpu").toFixed(2)}  wall ${of(side, "wall").toFixed(2)}  ` +
        `${of(side, "megabytes").toFixed(0)} MB${ratio}${p1 ? `  P@1 ${p1}` : ""}${side === "ours" ? split : ""}`,
    );
  }
}
if (!process.env.FASTTEXT_KEEP) rmSync(folder, { recursive: true });
