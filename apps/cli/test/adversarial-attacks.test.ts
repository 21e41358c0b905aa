import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy, encodeNpy, ndArray } from "@reprise/data";
import { mnistSubset, readImage } from "@reprise/data/node";
import {
  add,
  cast,
  concat,
  constant,
  exportOnnx,
  flatten,
  Graph,
  greater,
  matMul,
  operators,
  sqrt,
  sub,
  tensor,
  type Value,
} from "@reprise/engine";
import { readImagesFor } from "@reprise/nn/verbs";
import { describe, expect, it } from "vitest";
import { at, json, linearWeight, reprise, withModels } from "./adversarial-models.ts";

withModels();

describe("reprise adversarial attack --attack", () => {
  it("a budget attack: success grows with ε; files say what stdout says", async () => {
    const out = at("pgd");
    const args = ["attack", at("a.onnx"), "--attack", "pgd", "--count", "6", "--target", "untargeted"];
    const report = await json(...args, "--epsilons", "0.001,0.5", "--out", out);
    expect(report.attack).toBe("PGD L∞");
    expect(report.results.map(({ epsilon }: { epsilon: number }) => epsilon)).toEqual([0.001, 0.5]);
    expect(report.results[0].success).toBeLessThan(6);
    expect(report.results[1].success).toBe(6);
    expect((await readdir(out)).sort()).toEqual(
      [
        ...["curve.csv", "curve.png", "curve.svg", "epsilon-0.001.npy", "epsilon-0.5.npy", "images"],
        ...["epsilon-0.001", "epsilon-0.5"].flatMap((name) => [`figure-${name}.png`, `figure-${name}.svg`]),
        ...["results.csv", "results.json", "results.md"],
      ].sort(),
    );
    expect(JSON.parse(await readFile(join(out, "results.json"), "utf8")).results).toEqual(report.results);
    expect((await readFile(join(out, "results.csv"), "utf8")).trimEnd().split("\n")).toHaveLength(13);
    expect((await readImage(join(out, "curve.png"))).shape).toEqual([1, 3, 2 * 300, 2 * 640]);
    const markdown = await readFile(join(out, "results.md"), "utf8");
    expect(markdown).toMatch(/^# PGD L∞ on .*a\.onnx\n\nCriterion: untargeted\./);
    expect(markdown).toMatch(/^\| 0\.5 \| 6 of 6 \| 0\.0 % \| \d+ \| 0 \| 0 \| \d of 6 \| 0\.\d+ \| 0\.\d+ \|$/m);
    const text = await reprise(...args, "--epsilons", "0.5");
    expect(text).toMatch(/PGD L∞, untargeted\n/);
    expect(text).toMatch(/^0\.5 +6 of 6 +0\.0 % /m);
  });

  it("--quantise 8: every success is there after a PNG is read again, by this attack and by L-BFGS", async () => {
    for (const attack of ["ddn", "lbfgs"]) {
      const out = at(`quantised-${attack}`);
      const args = ["attack", at("a.onnx"), "--attack", attack, "--count", "4", "--quantise", "8", "--out", out];
      const report = await json(...args);
      const [{ success, savedWith8Bits }] = report.results;
      expect(success).toBeGreaterThan(0);
      expect(savedWith8Bits).toBe(success);
      const file = attack === "lbfgs" ? "adversarial.npy" : "minimal.npy";
      const array = decodeNpy(await readFile(join(out, file)), file);
      const [first] = (await readdir(join(out, "images"))).sort();
      const png = await readImage(join(out, "images", first!));
      for (let i = 0; i < 784; i++) expect(Math.fround(png.data[i]! / 255)).toBe(Number(array.data[i]));
    }
  });

  it("lbfgs: the margin as its loss, a lead of κ logits, on the lattice too", async () => {
    const args = ["attack", at("a.onnx"), "--count", "4", "--target", "leastLikely", "--confidence", "0.5"];
    const weight = await linearWeight(0);
    const leads = (images: ArrayLike<number | bigint>, rows: readonly { target: number }[]) =>
      rows.map(({ target }, row) => {
        const scores = new Float64Array(10);
        for (let i = 0; i < 784; i++)
          for (let k = 0; k < 10; k++) scores[k]! += Number(images[row * 784 + i]) * weight[i * 10 + k]!;
        return scores[target]! - Math.max(...scores.filter((_, k) => k !== target));
      });
    for (const quantise of [[], ["--quantise", "8"]]) {
      const out = at(`margin-${quantise.length}`);
      const report = await json(...args, "--loss", "margin", ...quantise, "--out", out);
      const [{ success, savedWith8Bits, rows }] = report.results;
      expect(success).toBe(4);
      expect(report.settings).toMatchObject({ loss: "margin", confidence: 0.5, sharpness: null });
      const found = leads(decodeNpy(await readFile(join(out, "adversarial.npy")), "adversarial.npy").data, rows);
      for (const lead of found) expect(lead).toBeGreaterThan(0.5 - 1e-4);
      if (quantise.length > 0) expect(savedWith8Bits).toBe(4);
      else expect(Math.max(...found)).toBeLessThan(0.55);
    }
    for (const flag of [
      ["--loss", "margin"],
      ["--norm", "l2"],
      ["--sharpness", "1"],
      ["--bisections", "3"],
    ])
      await expect(reprise(...args.slice(0, 4), "--attack", "pgd", ...flag)).rejects.toThrow(
        `${flag[0]} is of --attack lbfgs`,
      );
  });

  it("after 8 bits: the lead asked for must be there too, not only the label", async () => {
    const out = at("confident");
    const args = ["attack", at("a.onnx"), "--attack", "ddn", "--target", "untargeted", "--count", "8", "--out", out];
    const report = await json(...args, "--confidence", "1");
    const [{ success, savedWith8Bits, rows }] = report.results;
    expect(success).toBe(8);
    // The margins of the PNG files, by hand: softmax regression is a matrix product.
    const weight = await linearWeight(0);
    const margins: number[] = [];
    for (const { row } of rows as { row: number }[]) {
      const png = await readImage(join(out, "images", `minimal-${row}.png`));
      const scores = new Float64Array(10);
      for (let i = 0; i < 784; i++)
        for (let k = 0; k < 10; k++) scores[k]! += (png.data[i]! / 255) * weight[i * 10 + k]!;
      const label = (await mnistSubset({ split: "test" })).labels.data[row]!;
      margins.push(Math.max(...scores.map((z, k) => (k === label ? -Infinity : z))) - scores[label]!);
    }
    expect(margins.every((margin) => margin > 0.9)).toBe(true); // every label is there
    expect(savedWith8Bits).toBe(margins.filter((margin) => margin >= 1).length);
    expect(savedWith8Bits).toBeLessThan(8);
  });

  it("pictures of another size, brought to the model's with --resize; its range, mean and deviation", async () => {
    const model = at("colour.onnx");
    const args = ["attack", model, "--images", at("pictures"), "--attack", "deepfool", "--target", "untargeted"];
    await expect(reprise(...args)).rejects.toThrow(
      /pictures: holds images of \[3, 20, 30\]; the model takes \[3, 12, 12\], 432 values each\. .*--resize/,
    );
    const format = ["--resize", "--channels", "bgr", "--mean", "0.5,0.5,0.5", "--std", "0.2,0.2,0.2"];
    const unit = await json(...args, ...format);
    expect(unit.results[0].success).toBe(3);
    // The same in other units: distances grow with them.
    const bytes = ["--resize", "--channels", "bgr", "--range", "0,255"];
    const large = await json(...args, ...bytes, "--mean", "127.5,127.5,127.5", "--std", "51,51,51");
    expect(large.meanDistance / unit.meanDistance / 255).toBeCloseTo(1, 2);
    const square = await json(
      ...args.slice(0, 4),
      "--attack",
      "square",
      "--epsilons",
      "0.5",
      "--resize",
      "--steps",
      "200",
    );
    expect(square.results[0].rows[0].gradients).toBe(0);
  });

  it("arrays with the channels last are turned, flat ones taken; other arrangements of as many values are refused", async () => {
    const values = Float32Array.from({ length: 2 * 432 }, (_, i) => i / 1000);
    const save = async (name: string, shape: number[], data: Float32Array) => {
      await writeFile(at(name), encodeNpy(ndArray("float32", [2, ...shape], data)));
      return readImagesFor(at(name), [3, 12, 12]);
    };
    const first = await save("first.npy", [3, 12, 12], values);
    expect(first.images).toEqual(values);
    expect((await save("flat.npy", [432], values)).images).toEqual(values);
    const last = values.map((_, i) => {
      const [row, y, x, c] = [Math.floor(i / 432), Math.floor((i % 432) / 36), Math.floor((i % 36) / 3), i % 3];
      return values[((row * 3 + c) * 12 + y) * 12 + x]!;
    });
    expect((await save("last.npy", [12, 12, 3], last)).images).toEqual(values);
    await expect(save("strange.npy", [36, 12], values)).rejects.toThrow(
      /strange\.npy: holds images of \[36, 12\]; the model takes \[3, 12, 12\]/,
    );
  });

  it("test: in the model's order of colours and normalisation", async () => {
    const pictures = await readImagesFor(at("pictures"), [3, 12, 12], { resize: true });
    const files = ["--images", at("pictures"), "--labels", at("labels.npy"), "--resize"];
    const format = ["--channels", "bgr", "--mean", "0.5,0.4,0.3", "--std", "0.2,0.3,0.4"];
    // What the linear model sees, by hand.
    const seen = Array.from({ length: 3 }, (_, row) => {
      const scores = new Float64Array(10);
      for (let c = 0; c < 3; c++)
        for (let p = 0; p < 144; p++) {
          const value = (pictures.images[row * 432 + c * 144 + p]! - [0.5, 0.4, 0.3][c]!) / [0.2, 0.3, 0.4][c]!;
          for (let k = 0; k < 10; k++) scores[k]! += value * 0.1 * Math.sin((((2 - c) * 144 + p) * 10 + k) ** 2);
        }
      return scores.indexOf(Math.max(...scores));
    });
    await writeFile(
      at("labels.npy"),
      encodeNpy(ndArray("int32", [3], Int32Array.of(seen[0]!, seen[1]!, (seen[2]! + 1) % 10))),
    );
    expect(await json("test", at("colour.onnx"), ...files, ...format)).toMatchObject({ images: 3, errors: 1 });
  });

  it("bad input", async () => {
    const attack = (...args: string[]) => reprise("attack", at("a.onnx"), "--count", "2", ...args);
    await expect(attack("--steps", "5")).rejects.toThrow("--steps is of other attacks than lbfgs");
    await expect(attack("--attack", "pgd", "--target", "all")).rejects.toThrow("--target all is of --attack lbfgs");
    await expect(attack("--attack", "pgd", "--target", "12")).rejects.toThrow(
      "--target is 12; the model has 10 classes, so 0 … 9 is expected.",
    );
    await expect(attack("--range", "1,0")).rejects.toThrow("--range is 1,0, expected two numbers, the lower first");
    await expect(attack("--attack", "square", "--ball", "l2")).rejects.toThrow(
      'attack "square" comes in L∞ only, L2 was asked for; leave out --ball.',
    );
    await expect(attack("--attack", "fgsm", "--steps", "3")).rejects.toThrow("--steps: fgsm takes one step");
    for (const name of ["lbfgs", "pgd"])
      await expect(attack("--attack", name, "--against", at("b.onnx"), at("colour.onnx"))).rejects.toThrow(
        /colour\.onnx: takes \[3, 12, 12\] and gives 10 scores; .*a\.onnx takes \[1, 28, 28\]/,
      );
    await expect(attack("--attack", "pgdd")).rejects.toThrow(/Allowed choices are lbfgs, .*fgsm/);
    await expect(attack("--quantise", "4")).rejects.toThrow("is invalid. Expected 8.");
    await expect(attack("--mean", "0.1;0.2")).rejects.toThrow("Expected numbers separated by commas");
    await expect(reprise("attack", at("colour.onnx"))).rejects.toThrow(
      "the model takes images of [3, 12, 12]; the bundled digits are [1, 28, 28]. Give --images.",
    );
  });
});

describe("models that are no plain classifier, attacks that cannot succeed", () => {
  /** A model of [N, 1, 28, 28] with the outputs that `heads` makes of the flat image. */
  async function model(file: string, heads: (x: Value) => Record<string, Value>): Promise<string> {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 1, 28, 28]);
    for (const [name, value] of Object.entries(heads(x))) graph.output(name, value);
    await writeFile(at(file), exportOnnx(graph));
    return at(file);
  }
  const scores = (x: Value, seed: number) =>
    matMul(
      flatten(x),
      constant(
        x,
        tensor(
          "float32",
          [784, 10],
          Float32Array.from({ length: 7840 }, (_, i) => 0.1 * Math.sin(i + seed)),
        ),
      ),
    );

  it("two heads: named by --output; a segmentation model; an operator without gradient, which others do without", async () => {
    const two = await model("two.onnx", (x) => ({ main: scores(x, 0), aux: scores(x, 1) }));
    for (const attack of ["lbfgs", "pgd", "square"])
      await expect(reprise("attack", two, "--attack", attack, "--count", "1")).rejects.toThrow(
        "two.onnx: it has 2 outputs (main, aux); say which holds the scores. Name it with --output NAME",
      );
    const named = await json("attack", two, "--output", "aux", "--attack", "deepfool", "--count", "2");
    expect(named.results[0].success).toBe(2);
    const pixels = await model("pixels.onnx", (x) => ({ y: concat([x, x], 1) }));
    await expect(reprise("attack", pixels, "--attack", "pgd")).rejects.toThrow(
      /pixels\.onnx: its output "y" is \[.*, 2, 28, 28\], scores for every pixel as of a segmentation model/,
    );
    await expect(reprise("attack", pixels, "--attack", "square")).rejects.toThrow(
      'its output "y" is [1, 2, 28, 28] for one image; expected the scores of a classifier',
    );
    const hard = await model("hard.onnx", (x) => ({ y: cast(greater(scores(x, 0), 0.5), "float32") }));
    await expect(reprise("attack", hard, "--attack", "pgd", "--count", "1")).rejects.toThrow(
      /no gradient in the image: operator "Greater".*--attack square and --attack hopskipjump need its scores only/,
    );
    const args = ["--attack", "square", "--epsilons", "1", "--steps", "50", "--target", "untargeted", "--count", "2"];
    expect((await json("attack", hard, ...args)).results[0].images).toBe(2);
    expect((await json("test", hard)).images).toBe(500);
  });

  it("an attack that cannot succeed returns its best try and says so, never a silent clean image", async () => {
    // Label 0 leads by far more than any image can make up for.
    const sure = await model("sure.onnx", (x) => {
      const lead = Float32Array.from({ length: 10 }, (_, k) => (k === 0 ? 1e4 : 0));
      return { y: add(scores(x, 0), constant(x, tensor("float32", [10], lead))) };
    });
    for (const attack of ["lbfgs", "pgd", "cw", "hopskipjump"]) {
      const out = at(`sure-${attack}`);
      const steps = attack === "lbfgs" ? [] : ["--steps", "5"];
      const args = ["attack", sure, "--attack", attack, "--count", "2", "--target", "3", ...steps, "--out", out];
      const report = await json(...args, ...(attack === "pgd" ? ["--epsilons", "0.3"] : []));
      const { rows } = report.results[0];
      for (const row of rows) {
        expect(row.status).toBe("failed");
        expect(row.predictedAfter).toBe(0);
        // HopSkipJump walks from an image that has the label; where none is found, it says so.
        if (attack === "hopskipjump") expect(row.reason).toMatch(/none of 100 random images is classified as label 3/);
        else expect(row.l2).toBeGreaterThan(0.01);
      }
      expect(await readFile(join(out, "results.md"), "utf8")).toMatch(/\| 0 of 2 \| 100\.0 % \| 0 \| 2 \| 0 \|/);
    }
  });

  it("gradients that are NaN: the rows say nonFinite", async () => {
    // √(x − x) is 0 and its slope infinite: 0 · ∞.
    const broken = await model("broken.onnx", (x) => ({ y: add(scores(x, 0), sqrt(sub(scores(x, 1), scores(x, 1)))) }));
    const { rows: shown } = await json("transfer", broken, "--count", "2", "--target", "leastLikely");
    expect(shown[1].name).toBe(`made for ${broken}, 0 of 2 reached`);
    for (const attack of ["lbfgs", "pgd"]) {
      const args = ["attack", broken, "--attack", attack, "--count", "2", "--target", "leastLikely"];
      const report = await json(...args, ...(attack === "pgd" ? ["--epsilons", "0.3"] : []));
      const { rows } = report.results[0];
      expect(rows.map(({ status }: { status: string }) => status)).toEqual(["nonFinite", "nonFinite"]);
    }
    // They were not attacked: robust they are not.
    const args = ["attack", broken, "--attack", "pgd", "--count", "2", "--target", "leastLikely"];
    const text = await reprise(...args, "--epsilons", "0.1,0.3", "--out", at("broken"));
    expect(text).toMatch(/^0\.1 +0 of 2 +– +0 +0 +2 /m);
    expect(text).toMatch(/On 2 of 2 images the model or its gradient is NaN or infinite/);
    expect(await readFile(at("broken/curve.svg"), "utf8")).not.toMatch(/NaN/);
    expect(await readFile(at("broken/curve.csv"), "utf8")).toMatch(/^0\.1,.*,0$/m);
  });
});
