// reprise bit-flip attack: the document, its files, and what ONNX Runtime makes of them; targets and limits.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { AttackDocument } from "@reprise/bit-flip";
import { describe, expect, test } from "vitest";
import { answersOf, at, given, json, reprise, withModel } from "./bit-flip-models.ts";

withModel();

describe("attack", () => {
  test("the document, the files, and what ONNX Runtime makes of them", async () => {
    const document = (await json(
      "attack",
      at("m.onnx"),
      "--bits",
      "8",
      ...given(),
      "--stop-accuracy",
      "0.5",
      "--seed",
      "4",
      "--out",
      at("out"),
    )) as AttackDocument;
    expect(document).toMatchObject({
      model: "m.onnx",
      bits: 8,
      sample: { size: 24, seed: 4 },
      status: "reached",
      stopped: "accuracy",
    });
    expect(document.sample.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(document.before.accuracy).toBeGreaterThan(0.95);
    expect(document.after.accuracy).toBeLessThanOrEqual(0.5);
    expect(document.flips.at(-1)!.accuracy).toBe(document.after.accuracy);
    expect(document.hammingDistance).toBe(document.flips.length);
    expect(document.random).toHaveLength(1);
    for (const { layer, bit, before, after } of document.flips) {
      expect(["stem", "body", "classifier"]).toContain(layer);
      expect((before ^ after) & 255).toBe(1 << bit);
    }
    expect(readdirSync(at("out")).sort()).toEqual([
      "accuracy.png",
      "accuracy.svg",
      "flipped.onnx",
      "flips.csv",
      "map.png",
      "map.svg",
      "quantised.onnx",
      "results.json",
    ]);
    expect(JSON.parse(readFileSync(at("out/results.json"), "utf8"))).toEqual(document);
    const labels = await answersOf("m.onnx");
    const right = (answers: number[]) => answers.filter((answer, row) => answer === labels[row]).length / 96;
    expect(right(await answersOf("out/flipped.onnx"))).toBe(document.after.accuracy);
    expect(right(await answersOf("out/quantised.onnx"))).toBe(document.before.accuracy);
    expect(readFileSync(at("out/flips.csv"), "utf8").split("\n")[0]).toBe(
      "iteration,layer,index,bit,before,after,loss,accuracy,byte,mask",
    );

    // The quantised file is attacked by the same flips, and so is that of `quantise`.
    await reprise("quantise", at("m.onnx"), "--bits", "8", "--out", at("q.onnx"));
    expect(readFileSync(at("q.onnx"))).toEqual(readFileSync(at("out/quantised.onnx")));
    const own = (await json("attack", at("q.onnx"), ...given(), "--stop-accuracy", "0.5")) as AttackDocument;
    expect(own.flips).toEqual(document.flips);

    // apply and undo.
    expect(await reprise("apply", at("q.onnx"), at("out/results.json"), "--out", at("f.onnx"))).toMatch(
      /f\.onnx: \d+ flips made/,
    );
    expect(readFileSync(at("f.onnx"))).toEqual(readFileSync(at("out/flipped.onnx")));
    expect(await reprise("undo", at("f.onnx"), at("out/results.json"), "--out", at("u.onnx"))).toMatch(/flips undone/);
    expect(readFileSync(at("u.onnx"))).toEqual(readFileSync(at("q.onnx")));
    await expect(reprise("apply", at("f.onnx"), at("out/results.json"), "--out", at("x.onnx"))).rejects.toThrow(
      /f\.onnx: its SHA-256 is [0-9a-f]{64}; the flips of .*results\.json are for [0-9a-f]{64}\. They belong to another model\./,
    );
    await expect(reprise("undo", at("q.onnx"), at("out/results.json"), "--out", at("x.onnx"))).rejects.toThrow(
      /are for the flipped file [0-9a-f]{64}\. They belong to another model\./,
    );
    await expect(reprise("apply", at("q.onnx"), at("q.onnx"), "--out", at("x.onnx"))).rejects.toThrow(
      "is no list of flips. Give the results.json of an attack.",
    );
    expect(existsSync(at("x.onnx"))).toBe(false);
  });

  test("with a target: success and the accuracy of the others", async () => {
    const labels = await answersOf("m.onnx");
    const [source, target] = [labels[0]!, (labels[0]! + 1) % 5];
    for (const more of [
      [],
      ["--source", `${source}`],
      ["--source", `${source}`, "--stealthy"],
      ["--source", `${source}`, "--stealthy", "--stealth-as-constant"],
    ]) {
      const document = (await json(
        "attack",
        at("m.onnx"),
        "--bits",
        "6",
        ...given(),
        "--target",
        `${target}`,
        ...more,
        "--flips",
        "8",
        "--random-trials",
        "0",
      )) as AttackDocument;
      expect(document.after.success).toBeGreaterThan(document.before.success!);
      expect(document.after.loss).toBeLessThan(document.before.loss);
      expect(document.flips.at(-1)!.success).toBe(document.after.success);
    }
  });

  test("a search without a reachable limit says so, with the best so far", async () => {
    const args = ["attack", at("m.onnx"), "--bits", "8", ...given(), "--stop-accuracy", "0", "--random-trials", "0"];
    expect(await json(...args, "--flips", "2")).toMatchObject({ status: "not reached", stopped: "flips" });
    expect(await reprise(...args, "--flips", "2")).toMatch(
      /stopped: the most flips that were allowed; not what was to be reached, this is the best so far/,
    );
    expect(await json(...args, "--seconds", "0")).toMatchObject({
      status: "not reached",
      stopped: "seconds",
      flips: [],
    });
  });
});
