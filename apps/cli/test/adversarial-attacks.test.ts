import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeNpy, ndArray } from "@reprise/data";
import { mnistSubset, readImage, writeImage } from "@reprise/data/node";
import { constant, exportOnnx, flatten, Graph, matMul, operators, tensor } from "@reprise/engine";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { command } from "../src/commands/adversarial.ts";

/** Where printResult writes. */
const written = vi.hoisted((): string[] => []);
vi.mock("node:fs", async (original) => ({
  ...(await original<typeof import("node:fs")>()),
  writeSync: (_: number, text: string) => written.push(text),
}));

let folder: string;
const at = (name: string) => join(folder, name);

/** The command in this process, which is quicker than one of its own; what it prints on stdout. */
async function reprise(...args: string[]): Promise<string> {
  written.length = 0;
  const program = command().exitOverride();
  for (const child of program.commands) child.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(args, { from: "user" });
  return written.join("");
}
const json = async (...args: string[]) => JSON.parse(await reprise(...args, "--json"));

/** A linear classifier of digits: the mean images of the labels, which is right most of the time. */
async function linearModel(file: string, seed: number, size = 28, channels = 1): Promise<void> {
  const graph = new Graph(operators);
  const x = graph.input("x", "float32", [1, channels, size, size]);
  const n = channels * size * size;
  const weight = new Float32Array(n * 10);
  if (size === 28) {
    const { images, labels } = await mnistSubset({ split: "train" });
    for (let row = seed; row < 400; row += 2) {
      const label = labels.data[row]!;
      for (let i = 0; i < n; i++) weight[i * 10 + label]! += 0.02 * (images.data[row * n + i]! - 0.13);
    }
  } else for (let i = 0; i < weight.length; i++) weight[i] = 0.1 * Math.sin(i * i + seed);
  graph.output("y", matMul(flatten(x), constant(x, tensor("float32", [n, 10], weight))));
  await writeFile(file, exportOnnx(graph, { dynamic: { x: ["N"], y: ["N"] } }));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-attacks-"));
  await linearModel(at("a.onnx"), 0);
  await linearModel(at("b.onnx"), 1);
  await linearModel(at("colour.onnx"), 0, 12, 3);
  await mkdir(at("pictures"));
  for (const [i, name] of ["0.png", "1.jpg", "2.webp"].entries()) {
    const bytes = Uint8Array.from({ length: 3 * 20 * 30 }, (_, p) => 128 + 100 * Math.sin((p * (i + 1)) / 70));
    await writeImage(at(`pictures/${name}`), ndArray("uint8", [3, 20, 30], bytes));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

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
      ["curve.svg", "epsilon-0.001.npy", "epsilon-0.5.npy", "images", "results.csv", "results.json"].sort(),
    );
    expect(JSON.parse(await readFile(join(out, "results.json"), "utf8")).results).toEqual(report.results);
    expect((await readFile(join(out, "results.csv"), "utf8")).trimEnd().split("\n")).toHaveLength(13);
    const text = await reprise(...args, "--epsilons", "0.5");
    expect(text).toMatch(/PGD L∞, untargeted\n/);
    expect(text).toMatch(/^0\.5 +6 of 6 +0\.0 % /m);
  });

  it("--quantise 8: every success is there after a PNG is read again, by this attack and by L-BFGS", async () => {
    for (const attack of ["ddn", "lbfgs"]) {
      const out = at(`quantised-${attack}`);
      const args = ["attack", at("a.onnx"), "--attack", attack, "--count", "4", "--quantise", "8", "--out", out];
      const report = await json(...args);
      const successes = attack === "lbfgs" ? report.success : report.results[0].success;
      const saved = attack === "lbfgs" ? report.survives8Bit : report.results[0].successSavedWith8Bits;
      expect(successes).toBeGreaterThan(0);
      expect(saved).toBe(successes);
      const file = attack === "lbfgs" ? "adversarial.npy" : "minimal.npy";
      const array = decodeNpy(await readFile(join(out, file)), file);
      const [first] = (await readdir(join(out, "images"))).sort();
      const png = await readImage(join(out, "images", first!));
      for (let i = 0; i < 784; i++) expect(Math.fround(png.data[i]! / 255)).toBe(Number(array.data[i]));
    }
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

  it("bad input", async () => {
    const attack = (...args: string[]) => reprise("attack", at("a.onnx"), "--count", "2", ...args);
    await expect(attack("--epsilons", "0.1")).rejects.toThrow("--epsilons is of other attacks than lbfgs");
    await expect(attack("--attack", "pgd", "--target", "all")).rejects.toThrow("--target all is of --attack lbfgs");
    await expect(attack("--attack", "pgd", "--target", "12")).rejects.toThrow(
      "the label or target of image 0 is 12; the model has 10 classes",
    );
    await expect(attack("--range", "1,0")).rejects.toThrow("--range is 1,0, expected two numbers, the lower first");
    await expect(attack("--attack", "pgdd")).rejects.toThrow(/Allowed choices are lbfgs, fgsm/);
    await expect(attack("--quantise", "4")).rejects.toThrow("Expected 8, the bits of a PNG");
    await expect(attack("--mean", "0.1;0.2")).rejects.toThrow("Expected numbers separated by commas");
    await expect(reprise("attack", at("colour.onnx"))).rejects.toThrow(
      "the model takes images of [3, 12, 12]; the bundled digits are [1, 28, 28]. Give --images.",
    );
  });
});

describe("reprise adversarial transfer, bounds, masking", () => {
  it("transfer: each model's images fool it, less so the other; controls beside; four files", async () => {
    const out = at("transfer");
    const args = ["transfer", at("a.onnx"), at("b.onnx"), "--count", "8", "--target", "untargeted", "--amplify", "0.3"];
    const { columns, rows } = await json(...args, "--out", out);
    expect(columns).toEqual([at("a.onnx"), at("b.onnx")]);
    expect(rows).toHaveLength(1 + 2 * 2 + 3);
    const errorsOf = (name: string) =>
      rows.find((row: { name: string }) => row.name === name).errors.map(({ rate }: { rate: number }) => rate);
    const [own, other] = errorsOf(`made for ${at("a.onnx")}`);
    expect(own).toBe(1);
    expect(other).toBeLessThanOrEqual(1);
    expect(errorsOf(`made for ${at("b.onnx")}`)[1]).toBe(1);
    expect(errorsOf("Gaussian noise, σ = 0.06")[0]).toBeLessThan(1);
    expect((await readdir(out)).sort()).toEqual(["transfer.csv", "transfer.json", "transfer.md", "transfer.svg"]);
    await expect(reprise("transfer", at("a.onnx"), at("colour.onnx"))).rejects.toThrow(
      /colour\.onnx: takes \[3, 12, 12\] and gives 10 scores; .*a\.onnx takes \[1, 28, 28\]/,
    );
  });

  it("bounds and masking", async () => {
    const bounds = await json("bounds", at("a.onnx"));
    expect(bounds.layers).toHaveLength(1);
    expect(bounds.layers[0]).toMatchObject({ op: "MatMul", weight: [784, 10] });
    expect(bounds.product).toBe(bounds.layers[0].bound);
    expect(bounds.chain).toBe(true);
    const { checks } = await json("masking", at("a.onnx"), "--count", "4", "--queries", "10", "--epsilon", "0.3");
    expect(checks).toHaveLength(5);
    expect(checks[0].verdict).toBe("passed");
  });
});
