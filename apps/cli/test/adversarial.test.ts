import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { verbs } from "@reprise/adversarial/verbs";
import { decodeNpy, encodeIdx, encodeNpy, ndArray } from "@reprise/data";
import { mnistSubset, readImage, writeImage } from "@reprise/data/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contextOf } from "./in-process.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
let folder: string;
let model: string;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command in a process of its own, as a user runs it. */
function reprise(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, "adversarial", ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-adversarial-"));
  model = join(folder, "m.onnx");
  const trained = await reprise("train", "--network", "fc10-1e-4", "--epochs", "30", "--out", model, "--json");
  expect(trained.stderr).not.toMatch(/error/i);
  const { testError, network } = JSON.parse(trained.stdout);
  expect(network).toBe("fc10-1e-4");
  expect(testError).toBeLessThan(0.35);
  expect(await readdir(folder)).toEqual(["m.onnx"]); // the checkpoint is gone
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("reprise adversarial", () => {
  it("test: the error that training reported", async () => {
    const { code, stdout } = await reprise("test", model, "--json");
    expect(code).toBe(0);
    const { error, images, low, high } = JSON.parse(stdout);
    expect(images).toBe(500);
    expect(low).toBeLessThan(error);
    expect(high).toBeGreaterThan(error);
  });

  it("attack: table, files, and the same numbers in JSON", async () => {
    const out = join(folder, "out", "nested");
    const args = ["attack", model, "--count", "4", "--target", "leastLikely", "--out", out];
    const { code, stdout, stderr } = await reprise(...args, "--against", model);
    expect([code, stderr.replace(/.*of 4 images\n/g, "")]).toEqual([0, ""]);
    expect(stdout).toMatch(/^smallest +4 of 4 +0\.0 % .* 0\.\d{5} +0\.\d{5}$/m);
    expect(stdout).toContain("Gaussian noise, σ = 0.1");
    const charts = ["curve", "figure", "histogram", "transfer"].flatMap((name) => [`${name}.png`, `${name}.svg`]);
    expect((await readdir(out)).sort()).toEqual(
      [...charts, "adversarial.npy", "curve.csv", "images", "results.csv", "results.json", "results.md"]
        .concat("transfer.csv", "transfer.md")
        .sort(),
    );

    const results = JSON.parse(await readFile(join(out, "results.json"), "utf8"));
    expect(results).toMatchObject({ attack: "L-BFGS", images: 4, results: [{ epsilon: null, success: 4, failed: 0 }] });
    const { rows } = results.results[0];
    const array = decodeNpy(await readFile(join(out, "adversarial.npy")), "adversarial.npy");
    expect(array.shape).toEqual([4, 1, 28, 28]);
    const { images } = await mnistSubset({ split: "test" });
    for (const { row, l2 } of rows) {
      let squares = 0;
      for (let i = row * 784; i < (row + 1) * 784; i++) squares += (Number(array.data[i]) - images.data[i]!) ** 2;
      expect(Math.sqrt(squares)).toBeCloseTo(l2, 8);
      const png = await readImage(join(out, "images", `${row}.png`));
      for (let i = 0; i < 784; i++)
        expect(Math.abs(png.data[i]! / 255 - Number(array.data[row * 784 + i]))).toBeLessThan(0.0021);
    }
    const csv = (await readFile(join(out, "results.csv"), "utf8")).trimEnd().split("\n");
    expect(csv.length).toBe(5);
    expect(csv[0]).toMatch(/^epsilon,row,status,label,target,/);

    const again = JSON.parse(
      (await reprise("attack", model, "--count", "2", "--target", "leastLikely", "--json")).stdout,
    );
    expect(again.results[0].rows).toEqual(rows.slice(0, 2)); // a row's result does not depend on the others
  });

  it("attack: a killed run goes on where it was, and ends where one that was left alone ends", async () => {
    const args = ["attack", model, "--target", "random", "--count", "120"];
    const whole = JSON.parse((await reprise(...args, "--json")).stdout);
    const killed = execFile(process.execPath, [main, "adversarial", ...args, "--out", "killed"], { cwd: folder });
    const gone = once(killed, "exit");
    const partial = join(folder, "killed", "partial");
    // The first rows are written as soon as they are there.
    while ((await readdir(partial).catch(() => [])).filter((name) => name.endsWith(".bin")).length === 0)
      await setTimeout(5);
    killed.kill("SIGKILL");
    await gone;
    expect((await readdir(join(folder, "killed"))).sort()).toEqual([".lock", "images", "partial"]);
    const other = await reprise(...args, "--seed", "1", "--out", "killed");
    expect([other.code, other.stdout]).toEqual([1, ""]);
    expect(other.stderr).toMatch(
      /^reprise: killed\/partial: holds a part of another run: seed is 0 there and 1 here\. Finish that run/,
    );
    const resumed = await reprise(...args, "--out", "killed", "--json");
    expect(resumed.stderr).toMatch(/^(1 result is|\d+ results are) known from the run before; going on\.\n/);
    expect(JSON.parse(resumed.stdout).results).toEqual(whole.results);
    expect(await readdir(join(folder, "killed"))).not.toContain("partial");
  });

  it("attack: images from IDX, NPY and a folder are the same images", async () => {
    const { images, labels } = await mnistSubset({ split: "test" });
    const bytes = Uint8Array.from(images.data.subarray(0, 2 * 784), (v) => Math.round(255 * v));
    await writeFile(join(folder, "images.idx"), encodeIdx(ndArray("uint8", [2, 28, 28], bytes)));
    await writeFile(
      join(folder, "labels.idx"),
      encodeIdx(ndArray("uint8", [2], Uint8Array.from(labels.data.subarray(0, 2)))),
    );
    await writeFile(
      join(folder, "images.npy"),
      encodeNpy(ndArray("float32", [2, 1, 28, 28], images.data.slice(0, 1568))),
    );
    await mkdir(join(folder, "png"));
    for (const row of [0, 1])
      await writeImage(
        join(folder, "png", `${row}.png`),
        ndArray("uint8", [1, 28, 28], bytes.slice(row * 784, row * 784 + 784)),
      );
    const runs = await Promise.all(
      ["images.idx", "images.npy", "png"].map((path) =>
        reprise("attack", model, "--images", path, "--labels", "labels.idx", "--target", "untargeted", "--json"),
      ),
    );
    const rows = runs.map(({ stdout }) => JSON.parse(stdout).results[0].rows);
    expect(rows[0].length).toBe(2);
    expect(rows[1]).toEqual(rows[0]);
    expect(rows[2]).toEqual(rows[0]);
  });

  it("train: Ctrl-C keeps the weights, and --resume ends where an uninterrupted run ends", async () => {
    const args = ["train", "--network", "fc100-10", "--epochs", "4", "--batch", "5", "--seed", "3"];
    const whole = await reprise(...args, "--out", "whole.onnx");
    expect(whole.code).toBe(0);
    const stopped = await new Promise<Outcome>((resolve) => {
      const child = execFile(
        process.execPath,
        [main, "adversarial", ...args, "--out", "cut/m.onnx"],
        { cwd: folder },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
      child.stderr!.once("data", () => child.kill("SIGINT")); // the first line of progress: training runs
    });
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(
      /reprise: interrupted\. The weights so far are in cut\/m\.onnx\.checkpoint; --resume goes on from there\.\n$/,
    );
    expect(await readdir(join(folder, "cut"))).toEqual(["m.onnx.checkpoint"]);
    const other = await reprise(...args, "--rate", "0.5", "--out", "cut/m.onnx", "--resume");
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/resume: the checkpoint was made with learningRate .*, not 0\.5/);
    const resumed = await reprise(...args, "--out", "cut/m.onnx", "--resume");
    expect(resumed.code).toBe(0);
    expect(await readdir(join(folder, "cut"))).toEqual(["m.onnx"]);
    expect(await readFile(join(folder, "cut", "m.onnx"))).toEqual(await readFile(join(folder, "whole.onnx")));
  });

  it("train --adversarial, and what it was told stands in the file", async () => {
    const args = ["train", "--network", "fc20-10", "--adversarial", "0,1", "--optimizer", "adam", "--rate", "0.01"];
    const { code, stdout, stderr } = await reprise(...args, "--epochs", "2", "--out", "robust.onnx", "--json");
    expect(stderr).not.toMatch(/reprise:/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).testError).toBeLessThan(0.35);
    expect(await readFile(join(folder, "robust.onnx"), "latin1")).toContain(
      "reprise adversarial train --network fc20-10 --seed 0 --epochs 2 --rate 0.01 --optimizer adam --adversarial 0,1",
    );
    const wrong = await reprise("train", "--network", "fc20-10", "--adversarial", "0,x", "--out", "x.onnx");
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toMatch(/--adversarial is "0,x"\. Expected all, or layers such as 0,1\./);
  });

  it("bad input: one line that says what, and exit code 1 or 2", async () => {
    await writeFile(join(folder, "text.onnx"), "this is no model");
    await writeFile(join(folder, "cut.onnx"), (await readFile(model)).subarray(0, 3000));
    await writeFile(join(folder, "cut.idx"), Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 9));
    await writeFile(join(folder, "small.npy"), encodeNpy(ndArray("float32", [2, 5, 5], new Float32Array(50))));
    await writeFile(join(folder, "bright.npy"), encodeNpy(ndArray("float32", [1, 784], new Float32Array(784).fill(7))));
    await writeFile(join(folder, "file"), "");
    const processes: [args: string[], code: number, line: RegExp][] = [
      [["attack", "text.onnx"], 1, /^reprise: text\.onnx: not a readable ONNX model/],
      [
        ["attack", model, "--target", "nearest"],
        2,
        /Expected a label \(0, 1, …\), random, leastLikely, all or untargeted/,
      ],
      [["train", "--out", "x.onnx"], 2, /required option '--network/],
    ];
    for (const [args, code, line] of processes) {
      const outcome = await reprise(...args);
      expect(outcome.stderr).toMatch(line);
      expect([outcome.code, outcome.stdout]).toEqual([code, ""]);
      if (code === 1) expect(outcome.stderr.trimEnd().split("\n").length).toBe(1);
    }
    // The others in this process, which is quicker: main.ts turns what is thrown into such a line.
    const at = (name: string) => join(folder, name);
    const run = (name: string, args: readonly string[], options: object) =>
      verbs.find((verb) => verb.name === name)!.run(contextOf(args, options));
    const attack = (path: string, flags: object = {}) =>
      run("attack", [path], { attack: "lbfgs", target: "random", seed: 0, ...flags });
    const train = (flags: object) => run("train", [], { network: "fc10-1", out: at("x.onnx"), seed: 0, ...flags });
    const cases: [run: () => Promise<unknown>, line: RegExp][] = [
      [() => attack(at("cut.onnx")), /cut\.onnx: not a readable ONNX model/],
      [() => attack(at("none.onnx")), /none\.onnx: cannot be read: there is no such file/],
      [() => attack(model, { images: at("cut.idx") }), /cut\.idx: .*IDX/],
      [
        () => attack(model, { images: at("small.npy") }),
        /small\.npy: holds images of \[5, 5\]; the model takes \[1, 28, 28\]/,
      ],
      [
        () => attack(model, { images: at("bright.npy") }),
        /bright\.npy: image 0 holds 7 at value 0, outside 0 … 1\. .*--range LOW,HIGH/,
      ],
      [() => attack(model, { target: "12", count: 1 }), /--target is 12; the model has 10 classes/],
      [() => attack(model, { out: at("file/below") }), /below: cannot be created: a part of its path is a file/],
      [() => train({ network: "fc9" }), /network "fc9" is not known; choose one of fc10-1e-4/],
      [
        () => train({ network: "lenet", adversarial: "all" }),
        /--adversarial is for networks of sigmoid layers .* lenet/,
      ],
      [() => train({ adversarial: "all", resume: true }), /--adversarial does not go on from a checkpoint/],
      [() => train({ network: "fc20-10", adversarial: "2" }), /layer 2; fc20-10 has 0 \(the image\) to 1/],
      [() => train({ data: at("png") }), /png: train-images-idx3-ubyte .*is missing/],
      [
        () => run("test", [model], { split: "test", images: "x.npy" }),
        /--images and --labels belong together; give both/,
      ],
    ];
    for (const [run, line] of cases) await expect(run()).rejects.toThrow(line);
  });
});
