// reprise bit-flip protect, check and recover.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { AttackDocument } from "@reprise/bit-flip";
import { describe, expect, test } from "vitest";
import { answersOf, at, given, json, reprise, withModel } from "./bit-flip-models.ts";

withModel();

describe("defences", () => {
  const test96 = () => ["--test", at("test.npy"), "--labels", at("labels.npy"), "--mean", "0.5", "--std", "0.125"];

  test("protect by clipping keeps the accuracy, and an attack on the protected file raises the loss less", async () => {
    const args = ["protect", at("m.onnx"), "--bits", "8", "--threads", "1", ...test96()];
    const found = await json(...args, "--by", "clipping", "--out", at("clipped.onnx"));
    expect(found.accuracy.after).toBe(found.accuracy.before);
    expect(found.accuracy.before).toBeGreaterThan(0.9);
    expect(found.bytes).toBeGreaterThan(8 * (8 + 16 + 5)); // two floats an output channel
    expect(found.milliseconds.before).toBeGreaterThan(0);
    const limits = ["--stop-accuracy", "0", "--flips", "3", "--random-trials", "0"];
    const clipped = (await json("attack", at("clipped.onnx"), ...given(), ...limits)) as AttackDocument;
    const plain = (await json("attack", at("m.onnx"), "--bits", "8", ...given(), ...limits)) as AttackDocument;
    expect(clipped.before).toEqual(plain.before);
    expect(clipped.after.loss).toBeLessThan(plain.after.loss);
    const rebuilt = await reprise(...args, "--by", "reconstruction", "--limit", "4", "--out", at("rebuilt.onnx"));
    expect(rebuilt).toMatch(
      /rebuilt\.onnx: reconstruction\naccuracy [\d.]+ % → [\d.]+ %\ntime of an image .* ms\nstorage: .* more/,
    );
  });

  test("checksums find the flips of an attack, and recovery sets their groups to zero", async () => {
    await reprise("quantise", at("m.onnx"), "--bits", "8", "--out", at("p.onnx"));
    const protect = ["protect", at("p.onnx"), "--by", "checksums", "--threads", "1", "--out", at("p.json")];
    expect(await reprise(...protect, "--group", "4", "--key", "1")).toMatch(/time of a check [\d.]+ ms, of an image/);
    expect(await reprise("check", at("p.onnx"), at("p.json"))).toBe("p.onnx: no group of weights has changed");
    const args = ["attack", at("p.onnx"), ...given(), "--stop-accuracy", "0", "--flips", "4", "--random-trials", "0"];
    const { flips } = (await json(...args, "--out", at("attacked"))) as AttackDocument;
    const flippedFile = at("attacked/flipped.onnx");
    const { changed, groups } = await json("check", flippedFile, at("p.json"));
    expect(changed).toBe(true);
    const isFound = ({ layer, index }: { layer: string; index: number }) =>
      groups.some(
        (group: { layer: string; indices: number[] }) => group.layer === layer && group.indices.includes(index),
      );
    for (const flip of flips.filter(({ bit }) => bit === 7)) expect(isFound(flip)).toBe(true);
    const text = await reprise("recover", flippedFile, at("p.json"), "--out", at("recovered.onnx"));
    expect(text).toMatch(/recovered\.onnx: \d+ groups? of weights changed, \d+ weights, set to zero/);
    const right = async (file: string) => {
      const labels = await answersOf("m.onnx");
      return (await answersOf(file)).filter((answer, row) => answer === labels[row]).length;
    };
    expect(await right("recovered.onnx")).toBeGreaterThan(await right("attacked/flipped.onnx"));
  });

  test("what protect, check and recover refuse", async () => {
    const protect = (...args: string[]) =>
      reprise("protect", at("m.onnx"), "--bits", "8", "--out", at("x.onnx"), ...args);
    await expect(protect("--by", "clipping", "--group", "4")).rejects.toThrow(
      "--group and --limit are of reconstruction and checksums; clipping takes neither",
    );
    await expect(protect("--by", "clipping", "--key", "4")).rejects.toThrow("--key is of --by checksums");
    await expect(reprise("check", at("p.onnx"), at("p.onnx"))).rejects.toThrow(
      "p.onnx: holds no signatures. Give the file that protect --by checksums wrote.",
    );
    await writeFile(at("empty.json"), "{}");
    await expect(reprise("check", at("p.onnx"), at("empty.json"))).rejects.toThrow("holds no signatures");
    const { layers, ...rest } = JSON.parse(readFileSync(at("p.json"), "utf8"));
    await writeFile(at("other.json"), JSON.stringify({ ...rest, layers: layers.slice(1) }));
    await expect(reprise("check", at("p.onnx"), at("other.json"))).rejects.toThrow("They belong to another model.");
  });
});
