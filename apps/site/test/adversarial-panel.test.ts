// The parts of the panel "adversarial examples" that need no browser: digits, drawings, words, and the run itself.
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { attackByName, attackNames } from "@reprise/adversarial";
import { mnistSubset } from "@reprise/data/node";
import { layoutSize } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { networkByName } from "@reprise/nn";
import { beforeAll, describe, expect, test } from "vitest";
import { type AttackContext, attackImage } from "../src/run/adversarial/attack.ts";
import { attackChoices } from "../src/run/adversarial/attack-choices.ts";
import { centreDigit } from "../src/run/adversarial/centre-digit.ts";
import {
  type Digit,
  digitOf,
  digitProblem,
  digitsUrl,
  readDigits,
  testIndices,
} from "../src/run/adversarial/digits.ts";
import { decodeDrawing, encodeDrawing } from "../src/run/adversarial/drawing-code.ts";
import type { LayerChoice } from "../src/run/adversarial/grids.ts";
import {
  type AdversarialInputs,
  defaultInputs,
  downloadBytes,
  inputApplies,
  layerOf,
  type NetworkName,
  networks,
  paperKey,
  type TargetChoice,
} from "../src/run/adversarial/inputs.ts";
import type { AttackSoFar } from "../src/run/adversarial/outcome.ts";
import { openShipped, type ShippedModel } from "../src/run/adversarial/shipped.ts";
import { type TransferResult, transferMatrix } from "../src/run/adversarial/transfer.ts";
import { unitsAndDirections } from "../src/run/adversarial/units.ts";
import type { Progress } from "../src/run/protocol.ts";
import { resultFigure } from "../src/web/panels/adversarial/figure.ts";
import { percent, sentence } from "../src/web/panels/adversarial/wording.ts";
import { quickModels } from "./quick-models.ts";

/** The networks that the page ships. */
const shipped = fileURLToPath(new URL(`../content/${paperKey}/models/`, import.meta.url));

let digits: ReadonlyMap<string, Digit>;
beforeAll(async () => {
  digits = await readDigits(new Uint8Array(readFileSync(digitsUrl)));
});

describe("digits", () => {
  test("the bundled ones are those rows of the MNIST subset, three of each class", async () => {
    const { images, labels } = await mnistSubset({ split: "test", flat: true });
    expect(digits.size).toBe(30);
    for (const index of testIndices) {
      const { pixels, label } = digits.get(`t${index}`)!;
      expect(label).toBe(labels.data[index]);
      expect([...pixels]).toEqual(
        [...images.data.subarray(784 * index, 784 * (index + 1))].map((v) => Math.round(255 * v)),
      );
    }
  });

  test("what stands for no digit is refused with the reason", () => {
    expect(digitProblem("t9")).toBeNull();
    expect(digitProblem("t31")).toBe("There is no digit “t31”: choose one of the 30 or draw one.");
    expect(digitProblem("t")).toMatch(/no digit “t”/);
    expect(digitProblem("d12")).toMatch(/drawing in the address is damaged/);
    expect(digitProblem("d784")).toBe("Nothing is drawn yet.");
    expect(() => digitOf("x", digits)).toThrow("There is no digit “x”");
  });

  test("a drawing survives the address, in 16 levels", () => {
    const { pixels } = digits.get("t9")!;
    const text = encodeDrawing(pixels);
    expect(text.length).toBeLessThan(400);
    const back = decodeDrawing(text)!;
    expect(Math.max(...back.map((value, i) => Math.abs(value - pixels[i]!)))).toBeLessThanOrEqual(8);
    expect(encodeDrawing(back)).toBe(text);
    expect(digitOf(`d${text}`, digits)).toEqual({ pixels: back, label: null });
  });

  test.each(["", "783", "785", "784a", "783p", "783<", "999999999999999999999"])("%j is no drawing", (text) => {
    expect(decodeDrawing(text)).toBeNull();
  });
});

describe("centring", () => {
  const drawing = (box: { x: number; y: number; width: number; height: number }) => {
    const ink = new Uint8Array(280 * 280);
    for (let y = box.y; y < box.y + box.height; y++) ink.fill(255, y * 280 + box.x, y * 280 + box.x + box.width);
    return ink;
  };

  test("a bar fills 20 pixels and stands in the middle, wherever it was drawn", () => {
    for (const at of [
      { x: 3, y: 7 },
      { x: 200, y: 90 },
    ]) {
      const pixels = centreDigit(drawing({ ...at, width: 50, height: 150 }), 280)!;
      const inked = [...pixels.keys()].filter((i) => pixels[i]! > 0);
      const rows = inked.map((i) => Math.floor(i / 28));
      const columns = inked.map((i) => i % 28);
      expect([Math.min(...rows), Math.max(...rows)]).toEqual([4, 23]);
      expect(Math.max(...columns) - Math.min(...columns) + 1).toBe(7); // 50 / 7.5, rounded
      // An odd width cannot be centred better than to half a pixel.
      expect(Math.abs(columns.reduce((a, b) => a + b, 0) / columns.length + 0.5 - 14)).toBeLessThanOrEqual(0.5);
    }
  });

  test("ink is kept: the mean over the area", () => {
    const pixels = centreDigit(drawing({ x: 40, y: 40, width: 200, height: 200 }), 280)!;
    expect(pixels.reduce((a, b) => a + b, 0)).toBe(20 * 20 * 255);
  });

  test("the heavier side is drawn to the centre, never out of the frame", () => {
    const ink = drawing({ x: 20, y: 20, width: 40, height: 200 });
    for (let y = 20; y < 40; y++) ink.fill(255, y * 280 + 20, y * 280 + 220); // a Γ
    const pixels = centreDigit(ink, 280)!;
    const columns = [...pixels.keys()].filter((i) => pixels[i]! > 0).map((i) => i % 28);
    expect(Math.min(...columns)).toBeGreaterThan(4);
    expect(Math.max(...columns)).toBe(27);
  });

  test("nothing drawn is nothing", () => {
    expect(centreDigit(new Uint8Array(280 * 280), 280)).toBeNull();
  });
});

describe("the run", () => {
  let context: AttackContext;
  const seen: Progress<AttackSoFar>[] = [];
  beforeAll(async () => {
    const { models, files } = await quickModels();
    context = {
      runtime: nodeRuntime({ threads: 1 }),
      models,
      loadModel: async (file) => files.get(file)!,
      signal: new AbortController().signal,
      progress: (progress) => seen.push(progress),
      breathe: async () => {},
    };
  });

  test("reaches another digit, says so, asks every network, and repeats itself exactly", async () => {
    seen.length = 0;
    const digit = digitOf("t9", digits);
    const result = await attackImage(digit, defaultInputs, context);
    const { attack, verdicts, original } = result;
    expect(attack.status).toBe("success");
    expect(attack.predictedAfter).not.toBe(attack.predictedBefore);
    expect(attack.image.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(verdicts.map((verdict) => verdict.network)).toEqual(networks.map(({ name }) => name));
    expect(verdicts[0]!.adversarial.label).toBe(attack.predictedAfter);
    // As many marks for the reported label as its search has steps; its c is the largest that reached.
    const own = result.points.filter((point) => point.target === attack.target);
    expect(own.length).toBeGreaterThan(5);
    expect(attack.penalty!.c).toBe(Math.max(...own.filter((point) => point.reached).map((point) => point.c)));
    // Live images are real: the best so far comes nearer and nearer.
    const partial = seen.flatMap(({ partial }) => (partial?.best ? [partial] : []));
    const distances = partial.map(({ best }) => Math.hypot(...best!.map((value, i) => value - original[i]!)));
    expect(distances.length).toBeGreaterThan(5);
    for (let i = 1; i < distances.length; i++) expect(distances[i]).toBeLessThanOrEqual(distances[i - 1]! + 1e-6);
    expect(seen.every(({ done, total }) => done <= total!)).toBe(true);

    expect(sentence(result, defaultInputs)).toMatch(
      /^FC100-100-10 takes this 7 for a \d, after a distortion of 0\.\d+ per pixel\. It fools \w+ of the 4 other networks\.$/,
    );
    const svg = await resultFigure(result, () => "data:image/png;base64,AAAA");
    expect(svg.match(/<image /g)).toHaveLength(3);
    expect(svg).toContain(`x′, read as a ${attack.predictedAfter}`);

    const again = await attackImage(digit, defaultInputs, context);
    expect([...again.attack.image]).toEqual([...attack.image]);
    expect(again.verdicts).toEqual(verdicts);
  });

  // What a control does at this distance is chance; every other attack must get there, in its ball.
  test.each(attackChoices.filter(({ label }) => !label.includes("control")))(
    "$name reaches another digit",
    async (choice) => {
      const inputs = {
        ...defaultInputs,
        attack: choice.name,
        ball: choice.norms[0] === "linf" ? "linf" : "l2",
      } as const;
      const steps = choice.name === "cw" ? 300 : choice.name === "hopskipjump" ? 5 : 0; // enough for this, in a part of the time
      const given = { ...inputs, epsilon: 0.25, radius: 3, steps };
      const result = await attackImage(digitOf("t9", digits), given, context);
      const { attack, verdicts } = result;
      expect(attack.status).toBe("success");
      expect(verdicts[0]!.adversarial.label).toBe(attack.predictedAfter);
      if (choice.kind === "budget") expect(attack.lInfinity).toBeLessThanOrEqual(0.25);
      expect(attack.gradients > 0).toBe(choice.needs === "gradients");
      expect(sentence(result, given)).toMatch(/^FC100-100-10 takes this 7 for a \d/);
    },
  );

  describe("κ and k", () => {
    const run = (given: Partial<AdversarialInputs>) => {
      const inputs = { ...defaultInputs, attack: "deepfool", ...given } as const;
      return attackImage(digitOf("t9", digits), inputs, context).then((result) => ({ result, inputs }));
    };

    test("a lead of κ logits is reached, further away, and survives 8 bits", async () => {
      const near = await run({ confidence: 0 });
      const far = await run({ confidence: 0.5 });
      const { lead, distortion, probabilitiesAfter } = far.result.attack;
      expect(far.result.attack.status).toBe("success");
      expect(lead).toBeGreaterThanOrEqual(0.5);
      const [old, now] = [7, far.result.attack.predictedAfter].map((label) => probabilitiesAfter[label]!);
      expect(Math.log(now! / old!)).toBeCloseTo(lead!, 3); // softmax keeps differences of logits
      expect(distortion).toBeGreaterThan(near.result.attack.distortion);
      expect(far.result.verdicts[0]!.rounded.label).toBe(far.result.attack.predictedAfter);
      expect(sentence(far.result, far.inputs)).toMatch(
        /^FC100-100-10 takes this 7 for a \d, with a lead of 0\.5 logits, after a distortion of 0\.\d+ per pixel\./,
      );
      expect(near.result.attack.lead).toBeLessThan(0.5);
    });

    test("k = 3: three labels come before the old one; a target comes among the three likeliest", async () => {
      const rank = (p: Float64Array, label: number) => [...p].filter((value) => value > p[label]!).length;
      const away = await run({ topK: 3 });
      expect(rank(away.result.attack.probabilitiesAfter, 7)).toBeGreaterThanOrEqual(3);
      expect(sentence(away.result, away.inputs)).toMatch(
        /^FC100-100-10 finds 3 labels likelier for this 7, first of all an? \d, after a distortion/,
      );
      const least = await run({ topK: 3, target: "least" });
      const { target, probabilitiesAfter, probabilitiesBefore } = least.result.attack;
      expect(rank(probabilitiesBefore, target!)).toBe(9);
      expect(rank(probabilitiesAfter, target!)).toBeLessThan(3);
      expect(sentence(least.result, least.inputs)).toMatch(
        /^FC100-100-10 has an? \d among its 3 likeliest labels for this 7, after a distortion/,
      );
      const whole = await run({ topK: 1, target: "least" });
      expect(least.result.attack.distortion).toBeLessThan(whole.result.attack.distortion);
    });

    test("what is there already, and what was not reached, are said with κ and k", async () => {
      const order = (await run({})).result.attack.probabilitiesBefore;
      const second = [...order.keys()].sort((a, b) => order[b]! - order[a]!)[1]!;
      const there = await run({ topK: 2, target: String(second) as TargetChoice });
      expect(sentence(there.result, there.inputs)).toBe(
        `FC100-100-10 already has ${second === 8 ? "an" : "a"} ${second} among the 2 likeliest labels of the original: nothing to do. Choose another target.`,
      );
      const missed = await run({ attack: "fgsm", epsilon: 0.001, confidence: 1.5, topK: 4 });
      expect(missed.result.attack.lead).toBeLessThan(0);
      expect(sentence(missed.result, missed.inputs)).toBe(
        "FGSM did not reach 4 other labels, with a lead of 1.5 logits: the image is the best one found. A larger ε may do.",
      );
    });

    test("they are asked of every attack but the paper's", () => {
      for (const name of ["confidence", "topK"] as const) {
        expect(inputApplies(name, defaultInputs)).toBe(false);
        expect(inputApplies(name, { ...defaultInputs, attack: "cw" })).toBe(true);
        expect(inputApplies(name, { ...defaultInputs, attack: "cw", task: "units" })).toBe(false);
      }
    });
  });

  test("an attack that stays too near says that it reached nothing", async () => {
    const given = { ...defaultInputs, attack: "uniform", epsilon: 0.001 } as const;
    const result = await attackImage(digitOf("t9", digits), given, context);
    expect(sentence(result, given)).toBe(
      "Uniform noise did not reach another label: the image is the best one found. A larger ε may do.",
    );
  });

  test("a target that the digit has already is said to be there", async () => {
    const first = await attackImage(digitOf("t9", digits), { ...defaultInputs, target: "7" }, context);
    expect(first.attack.status).toBe("alreadyTarget");
    expect(sentence(first, { ...defaultInputs, target: "7" })).toBe(
      "FC100-100-10 already calls the original a 7: nothing to do. Choose another target.",
    );
  });

  test("a cancelled run ends with the signal's reason", async () => {
    const controller = new AbortController();
    const run = attackImage(digitOf("t9", digits), defaultInputs, {
      ...context,
      signal: controller.signal,
      progress: ({ partial }) => partial && controller.abort(new Error("cancelled")),
    });
    await expect(run).rejects.toThrow("cancelled");
  });

  test("a network that is not shipped is named", async () => {
    await expect(attackImage(digitOf("t9", digits), defaultInputs, { ...context, models: [] })).rejects.toThrow(
      "the network fc100-100-10 is not among the shipped ones",
    );
  });
});

describe("the other tabs", () => {
  const parts = {
    runtime: nodeRuntime({ threads: 1 }),
    models: JSON.parse(readFileSync(`${shipped}models.json`, "utf8")) as ShippedModel[],
    loadModel: async (file: string) => new Uint8Array(readFileSync(shipped + file)),
    signal: new AbortController().signal,
    breathe: async () => {},
  };
  const testImages = async () => {
    const { images, labels } = await mnistSubset({ split: "test", flat: true });
    return { images: images.data as Float32Array, labels: labels.data };
  };

  test("the transfer matrix: every attack succeeds on its own network, and rows grow as they are known", async () => {
    const seen: TransferResult[] = [];
    const count = 4;
    const result = await transferMatrix(
      await testImages(),
      { count, seed: 0 },
      { ...parts, progress: ({ partial }) => partial && seen.push(partial) },
    );
    expect(result.rows.map(({ name }) => name)).toEqual(["clean", ...result.columns, "noise"]);
    expect(result.columns).toEqual(networks.map(({ name }) => name));
    for (const [i, name] of result.columns.entries()) {
      const row = result.rows.find((row) => row.name === name)!;
      expect(row.errors[i]!.rate, name).toBe(1);
      expect(row.errors.every(({ of }) => of === count)).toBe(true);
    }
    // The control is as far away as the rows above it are on average.
    const made = result.rows.slice(1, -1);
    const mean = made.reduce((sum, { distortion }) => sum + distortion, 0) / made.length;
    expect(result.rows.at(-1)!.distortion / mean).toBeCloseTo(1, 2);
    const cells = seen.map(({ rows }) => rows.reduce((sum, { errors }) => sum + errors.length, 0));
    expect(cells).toEqual([...cells].sort((a, b) => a - b));
    expect(sentence(result, { ...defaultInputs, task: "transfer" })).toMatch(/misread [\d.]+\D%.*from .* to /u);
  });

  test("units: the images furthest along a direction, as sorting the activations finds them", async () => {
    const context = { ...parts, progress: () => {} };
    const images = await testImages();
    const result = await unitsAndDirections(images, { network: "fc10-1e-4", layer: "scores", seed: 3 }, context);
    expect([result.width, result.images]).toEqual([10, 500]);
    expect(result.units.map(({ unit }) => unit)).toHaveLength(4);
    // The scores of a softmax regression are W x + b: unit k by the classifier itself.
    const classifier = await openShipped(context, "fc10-1e-4", { batchSizes: [100] });
    const logits = await classifier.logits(images.images, 500);
    for (const { unit, images: best, labels } of result.units) {
      const order = Array.from({ length: 500 }, (_, i) => i).sort(
        (a, b) => logits[10 * b + unit!]! - logits[10 * a + unit!]!,
      );
      expect(best).toEqual(order.slice(0, 8));
      expect(labels).toEqual(best.map((row) => images.labels[row]));
    }
    expect(result.purity.units).toBeGreaterThan(0.6); // a score is made to tell digits apart
    expect([...result.pixels.keys()].sort()).toEqual(
      [...new Set([...result.units, ...result.directions].flatMap((grid) => grid.images))].sort(),
    );
  });

  test("hidden layers are found from the scores backwards; a network without one says so", async () => {
    const context = { ...parts, progress: () => {} };
    const images = await testImages();
    const widthOf = async (network: NetworkName, layer: LayerChoice) =>
      (await unitsAndDirections(images, { network, layer, seed: 0 }, context)).width;
    expect(await widthOf("fc200-200-10", "first")).toBe(200);
    expect(await widthOf("lenet", "last")).toBeGreaterThan(10);
    await expect(widthOf("fc10-1e-2", "last")).rejects.toThrow("it has no hidden layer; look at its scores");
    expect(layerOf({ body: "fc10-1e-2", layer: "last" })).toBe("scores");
  });
});

test("the facts of the attacks are those of the method", () => {
  expect(
    attackChoices
      .slice(1)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...attackNames].sort());
  for (const { name, kind, norms, needs } of attackChoices.slice(1)) {
    const made = norms.map((norm) => attackByName(name, norm === "l0" ? {} : { norm }));
    expect(made.map((attack) => attack.norm)).toEqual(norms);
    expect(made.map((attack) => [attack.kind, attack.needs])).toEqual(norms.map(() => [kind, needs]));
  }
});

test("probabilities that are not quite 0 or 1 are not printed as if", () => {
  expect([1, 0.99999, 0.5, 0.00001, 0].map((share) => percent(share).replaceAll("\u00a0", " "))).toEqual([
    "100.0 %",
    "> 99.9 %",
    "50.0 %",
    "< 0.1 %",
    "0.0 %",
  ]);
});

test("the size shown beside the button is that of what is loaded, to 2 %", () => {
  const ort = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
  const runtime = ["ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.mjs"].map(
    (name) => statSync(join(ort, name)).size,
  );
  const weights = networks.map(({ name }) => 4 * layoutSize(networkByName(name).parameters));
  const bytes = [...runtime, ...weights].reduce((a, b) => a + b);
  expect(downloadBytes / bytes).toBeGreaterThan(0.98);
  expect(downloadBytes / bytes).toBeLessThan(1.02);
});

test("every network of the panel is shipped", () => {
  const models = JSON.parse(readFileSync(`${shipped}models.json`, "utf8")) as { file: string; network: string }[];
  for (const { name } of networks) {
    const model = models.find((entry) => entry.network === name);
    expect(model, name).toBeDefined();
    expect(existsSync(shipped + model!.file), model!.file).toBe(true);
  }
});
