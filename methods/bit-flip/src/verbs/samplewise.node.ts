// reprise bit-flip attack --sample-wise: images sent to classes one by one, each from the clean network.
import { join } from "node:path";
import { csvOf, durationText, meanInterval, percentText, Random } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { type OptionValues, UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { Journal, openOutFolder } from "@reprise/experiment/node";
import type { TestSet } from "../attack.ts";
import { flipped, type NamedFlip, namedFlip } from "../flip-list.ts";
import { graphVictim, largestOfRows } from "../graph-victim.ts";
import { rowsOf } from "../rows.ts";
import { checkLabels, readSample, readTest } from "../run/images.node.ts";
import { defined, openModel, type QuantizedModel, sha256 } from "../run/model.node.ts";
import { flipsForImage, type ImageAttack } from "../samplewise.ts";
import type { attackOptions } from "./options.ts";

type Chosen = OptionValues<typeof attackOptions>;

/** What was done to one image. */
export interface ImageRow {
  /** Its place in the sample. */
  readonly image: number;
  /** The clean network's answer, and the class that the image was to get. */
  readonly answer: number;
  readonly target: number;
  readonly reached: boolean;
  readonly flips: readonly (NamedFlip & { readonly loss: number })[];
  /** Accuracy of the test images before and after; without them, answers of the rest of the sample that stay. */
  readonly others: { readonly before: number; readonly after: number };
  readonly seconds: number;
}

const files = [/^results\.json$/, /^flips\.csv$/, /^image-\d+-to-\d+\.json$/, /^quantised\.onnx$/];

export async function samplewiseVerb({
  args,
  options: chosen,
  signal,
  onStop,
  progress,
  command,
}: VerbContext<Chosen>): Promise<VerbResult> {
  const { out, seed } = chosen;
  const count = chosen.sampleWise!;
  checkChoice(chosen);
  const model = await openModel(args, chosen);
  const sample = await readSample(chosen, model);
  const size = sample.images.shape[0]!;
  if (count > size)
    throw new UsageError(`--sample-wise is ${count}; the sample has ${size} images. Give a larger --sample-size`);
  const test = await readTest(chosen, model);
  const folder = out === undefined ? undefined : await openOutFolder(out, files);
  const runtime = nodeWorkerRuntime(defined({ threads: chosen.threads }));
  try {
    const victim = await graphVictim(runtime, model.network, sample);
    const logits = await victim.logits(sample.images);
    const classes = logits.length / size;
    checkLabels(test, classes);
    if (chosen.target !== undefined && chosen.target >= classes)
      throw new UsageError(`--target is ${chosen.target}; the model has classes 0 to ${classes - 1}`);
    const answers = largestOfRows(logits, classes);
    const aims = aimsOf(answers, classes, count, chosen);
    const key = {
      model: model.sha256,
      sample: sample.sha256,
      test: test ? sha256(test.images.data) + sha256(test.labels) : null,
      sampleWise: { seed, target: chosen.target ?? null, flips: chosen.flips },
    };
    const journal = out === undefined ? undefined : await Journal.open(join(out, "partial"), key, { everyMs: 0 });
    onStop(() =>
      out === undefined
        ? "Nothing was written; with --out a stopped search goes on where it was."
        : `${journal!.kept} ${journal!.kept === 1 ? "image is" : "images are"} kept in ${join(out, "partial")}; the same command goes on from there.`,
    );
    await folder?.clear();
    const rows: ImageRow[] = [];
    for (const { image, target } of aims) {
      const known = journal?.get("image", image)?.value as ImageRow | undefined;
      if (known) {
        rows.push(known);
        continue;
      }
      progress.show(`image ${rows.length + 1} of ${aims.length}: class ${answers[image]} to ${target}`);
      const others = test ?? keeping(sample.images, answers, image);
      const attack = await flipsForImage(
        victim,
        { image: rowsOf(sample.images, [image]), target },
        { ...defined({ others }), maxFlips: chosen.flips, signal },
      );
      const row = rowOf(model, attack, { image, answer: answers[image]!, target });
      rows.push(row);
      journal?.put("image", image, row, undefined);
      await journal?.flush();
    }
    const document = {
      model: model.name,
      bits: model.network.layers[0]!.bits,
      sample: { size, seed, sha256: sample.sha256 },
      others: test ? "accuracy of the test images" : "answers of the rest of the sample that stay",
      images: rows,
      ...summaryOf(rows),
      file: { sha256: model.sha256 },
      command,
    };
    if (out !== undefined) await write(out, model, document);
    await journal?.remove();
    return { result: document, text: () => textOf(document, out) };
  } finally {
    await runtime.release();
    folder?.release();
  }
}

function checkChoice({ source, stealthy, stopAccuracy, stopSuccess, sampleLabels }: Chosen): void {
  const given = { source, stealthy, stopAccuracy, stopSuccess, sampleLabels };
  if (Object.values(given).some((value) => value !== undefined && value !== false))
    throw new UsageError(
      "--sample-wise takes --target or draws one for each image; --source, --stealthy, --stop-accuracy, --stop-success and --sample-labels are of attacks on all images",
    );
}

/** Each image with a class that it does not have: the given one, or one drawn. */
function aimsOf(answers: Int32Array, classes: number, count: number, { target, seed }: Chosen) {
  const random = new Random(seed);
  const aims = Array.from({ length: count }, (_, image) => {
    const drawn = random.integer(classes - 1);
    return { image, target: target ?? (drawn < answers[image]! ? drawn : drawn + 1) };
  }).filter((aim) => aim.target !== answers[aim.image]);
  if (aims.length === 0)
    throw new UsageError(`--target is ${target}, which the network already gives to each of the ${count} images`);
  return aims;
}

/** The rest of the sample, with the answers that it should keep. */
function keeping(images: TestSet["images"], answers: Int32Array, image: number): TestSet | undefined {
  const rest = [...answers.keys()].filter((row) => row !== image);
  if (rest.length === 0) return undefined;
  return { images: rowsOf(images, rest), labels: Int32Array.from(rest, (row) => answers[row]!) };
}

function rowOf(
  model: QuantizedModel,
  { reached, flips, others, seconds }: ImageAttack,
  aim: Pick<ImageRow, "image" | "answer" | "target">,
): ImageRow {
  return {
    ...aim,
    reached,
    flips: flips.map((flip) => ({ ...namedFlip(model, flip), loss: flip.loss })),
    others,
    seconds,
  };
}

/** Over the images that reach their target; intervals are of the mean, 95 %. */
function summaryOf(rows: readonly ImageRow[]) {
  const reached = rows.filter((row) => row.reached);
  const mean = (values: readonly number[]) => {
    if (values.length === 0) return null;
    const { mean, low, high } = meanInterval(values);
    return Number.isFinite(low) ? { mean, low, high } : { mean, low: null, high: null };
  };
  return {
    reached: reached.length / rows.length,
    flipsPerTarget: mean(reached.map(({ flips }) => flips.length)),
    secondsPerTarget: mean(rows.map(({ seconds }) => seconds)),
    othersAfter: mean(rows.map(({ others }) => others.after).filter(Number.isFinite)),
  };
}

type Document = ReturnType<typeof summaryOf> & {
  readonly model: string;
  readonly bits: number;
  readonly others: string;
  readonly images: readonly ImageRow[];
  readonly file: { readonly sha256: string };
};

/** A list of flips for each image, which `apply` takes; results.json last: where it is, everything is. */
async function write(out: string, model: QuantizedModel, document: Document): Promise<void> {
  await writeFileAtomic(join(out, "quantised.onnx"), model.bytes);
  for (const { image, target, flips } of document.images) {
    const flippedSha256 = sha256(flipped(model.bytes, flips, { name: model.name }));
    const list = { file: { sha256: model.sha256, flippedSha256 }, flips };
    await writeFileAtomic(join(out, `image-${image}-to-${target}.json`), `${JSON.stringify(list, null, 2)}\n`);
  }
  const rows = document.images.flatMap(({ image, answer, target, flips }) =>
    flips.map(({ address, ...flip }) => ({ image, answer, target, ...flip, byte: address.byte, mask: address.mask })),
  );
  await writeFileAtomic(join(out, "flips.csv"), csvOf(rows));
  await writeFileAtomic(join(out, "results.json"), `${JSON.stringify(document, null, 2)}\n`);
}

function textOf(document: Document, folder: string | undefined): string {
  const { model, bits, images, others, flipsPerTarget, secondsPerTarget, othersAfter } = document;
  const done = images.filter(({ reached }) => reached).length;
  const flipsText = flipsPerTarget
    ? `${flipsPerTarget.mean.toFixed(2)} flips a target${flipsPerTarget.low === null ? "" : ` (95 % interval ${flipsPerTarget.low.toFixed(2)} to ${flipsPerTarget.high.toFixed(2)})`}, `
    : "";
  const share = (value: number) => (Number.isFinite(value) ? percentText(value) : "–");
  return [
    `${model}, ${bits} bits: ${done} of ${images.length} images get their target; ${flipsText}${durationText(secondsPerTarget!.mean)} a target`,
    `${others}: ${share(images[0]!.others.before)} → ${share(othersAfter?.mean ?? Number.NaN)} on average`,
    ...images.flatMap(({ image, answer, target, reached, flips, others: kept, seconds }) => [
      `image ${image}: class ${answer} → ${target}${reached ? "" : ", not reached"}, ${flips.length} ${flips.length === 1 ? "flip" : "flips"}, ${seconds.toFixed(1)} s; the others ${share(kept.before)} → ${share(kept.after)}`,
      ...flips.map(
        ({ layer, index, bit, before, after, address }) =>
          `    ${layer}[${index}]  bit ${bit}  ${before} → ${after}  byte ${address.byte} ^ 0x${address.mask.toString(16).padStart(2, "0")}`,
      ),
    ]),
    ...(folder === undefined ? [] : [`results.json, quantised.onnx and a flip list of each image are in ${folder}`]),
  ].join("\n");
}
