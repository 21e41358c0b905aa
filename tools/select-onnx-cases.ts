// node tools/select-onnx-cases.ts ONNX12 ONNX23
// Runs ONNX's operator test cases (two folders of test_*/model.onnx: those of the onnx package 1.12, and those that
// onnx 1.23 generates), packs the small ones that can be imported into the engine's fixtures, and writes how many give
// ONNX's results and why the others do not, for docs/operators.md.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importOnnx } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { type Case, packCases, runCase } from "../packages/engine/test/onnx-cases.ts";

/** Why a case gives no result of ONNX's, by what it says: the name, the operators that are unknown, or the message. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/was given as/, "the case's input is not of the shape that its model declares"],
  [/no operators of ai\.onnx|ai\.onnx\.(ml|preview)/, "operators of other domains: preview.training, ml"],
  [/String|Tfidf|TfIdf|RegexFull|data type 8|ImageDecoder/, "strings and encoded files"],
  [/Sequence|Optional|identity_opt|identity_seq/, "sequences and optional values"],
  [/Loop|Scan|UNKNOWN If/, "loops"],
  [/RNN|LSTM|GRU/, "recurrent layers"],
  [/Bernoulli|Random|draws random/, "random numbers"],
  [/Unique/, "a result whose size depends on the data"],
  [/Bit|bitwise/, "bits of integers"],
  [/DFT|STFT|Window|MelWeight/, "signal processing"],
  [/Attention|RotaryEmbedding/, "opset 23's Attention and RotaryEmbedding as one node (written out they pass)"],
  [/bfloat16|BFLOAT16|bf16|fp16|FLOAT16/, "half precision: computed in float32, and not rounded as the case is"],
  [/reduction "(mul|min|max)"/, "scattering with mul, min, max"],
  [/UNKNOWN/, "other operators: Col2Im, DeformConv, Det"],
  [/no input was given/, "a model without inputs"],
  [/its range is computed at run time/, "a size that is computed from the input's values"],
  [/tf_crop_and_resize/, "Resize that crops: tf_crop_and_resize"],
];

const runtime = nodeRuntime({ threads: 1 });

function filesOf(folder: string): Case {
  return Object.fromEntries(
    ["", "test_data_set_0/"].flatMap((sub) =>
      readdirSync(join(folder, sub))
        .filter((file) => /\.(onnx|pb)$/.test(file))
        .map((file) => [sub + file, readFileSync(join(folder, sub, file))]),
    ),
  );
}

/** Null where a case gives ONNX's results, else why not. */
async function failureOf(name: string, files: Case): Promise<string | null> {
  try {
    const unknown = importOnnx(files["model.onnx"]!, { name }).unknown.map(({ op }) => op);
    if (unknown.length > 0 && unknown[0] !== "NonMaxSuppression") return `UNKNOWN ${unknown.join(" ")}`;
    return await runCase(runtime, name, files);
  } catch (error) {
    return (error as Error).message;
  }
}

interface Suite {
  readonly source: string;
  readonly folder: string;
  readonly file: string;
  /** Which cases count: the newer suite repeats those of the older opsets. */
  readonly counts: (name: string, opset: number) => boolean;
  /** Which of them are stored. */
  readonly stored: (name: string) => boolean;
}

async function survey({ source, folder, file, counts, stored }: Suite) {
  const cases: Record<string, Case> = {};
  const why = new Map<string, number>();
  const unlisted: string[] = [];
  let total = 0;
  let equal = 0;
  for (const name of readdirSync(folder).sort()) {
    const files = filesOf(join(folder, name));
    let opset = 0;
    try {
      ({ opset } = importOnnx(files["model.onnx"]!));
    } catch {
      // What cannot be read counts, as refused.
    }
    if (!counts(name, opset)) continue;
    total++;
    const failure = await failureOf(name, files);
    if (failure === null) equal++;
    else {
      const resized = /^Y\[1\] is (2\.5|4), expected/.test(failure);
      const known = reasons.find(([pattern]) => pattern.test(`${name} ${failure}`))?.[1];
      const counted = resized ? "ONNX Runtime's Resize rounds the size before it aligns corners" : known;
      if (!counted) {
        unlisted.push(`${name}: ${failure}`);
        continue;
      }
      why.set(counted, (why.get(counted) ?? 0) + 1);
      console.log(`${counted}: ${name}: ${failure.slice(0, 160)}`);
    }
    const size = Object.values(files).reduce((n, { length }) => n + length, 0);
    if (failure === null && size <= 60_000 && stored(name)) cases[name] = files;
  }
  if (unlisted.length > 0) throw new Error(`these fail for reasons that are not listed:\n${unlisted.join("\n")}`);
  const packed = packCases(cases);
  writeFileSync(new URL(`../packages/engine/test/fixtures/${file}`, import.meta.url), packed);
  console.log(`${source}: ${equal} of ${total}; ${Object.keys(cases).length} stored in ${packed.length} bytes`);
  return { source, total, equal, stored: Object.keys(cases).length, why: Object.fromEntries(why) };
}

const [older, newer] = process.argv.slice(2);
if (!older || !newer) {
  console.error("usage: node tools/select-onnx-cases.ts ONNX12 ONNX23");
  process.exit(2);
}
const old = new Set(readdirSync(older));
const suites = [
  await survey({
    source: "onnx 1.12, opsets up to 17",
    folder: older,
    file: "onnx-cases.gz",
    counts: () => true,
    stored: () => true,
  }),
  await survey({
    source: "onnx 1.23, opsets 18 to 23",
    folder: newer,
    file: "onnx-cases-18.gz",
    counts: (_, opset) => opset >= 18 && opset <= 23,
    // Operators written out in others, and what has not changed, add little.
    stored: (name) => !name.includes("expanded") && (!old.has(name) || /reduce|pad|resize|split|scatter/.test(name)),
  }),
];
writeFileSync(
  new URL("../packages/engine/test/fixtures/onnx-cases.json", import.meta.url),
  `${JSON.stringify(suites, null, 2)}\n`,
);
