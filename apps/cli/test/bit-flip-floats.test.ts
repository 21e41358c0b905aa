// `reprise bit-flip` on weights that stay floats.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { answersOf, at, given, json, reprise, withModel } from "./bit-flip-models.ts";

withModel();

it.each(["32", "16"])(
  "attack --bits %s flips exponent bits in the file; apply and undo, beside ONNX Runtime",
  async (bits) => {
    const out = at(`floats-${bits}`);
    const document = await json("attack", at("m.onnx"), ...given(), "--bits", bits, "--flips", "2", "--out", out);
    const [places, width] = bits === "32" ? [[23, 30], 4] : [[10, 14], 2];
    expect(document.bits).toBe(Number(bits));
    for (const { bit, floats, before, after, address } of document.flips) {
      expect(bit).toBeGreaterThanOrEqual(places[0]!);
      expect(bit).toBeLessThanOrEqual(places[1]!);
      expect((before ^ after) >>> 0).toBe((1 << bit) >>> 0);
      expect(Number.isFinite(floats.before) && Number.isFinite(floats.after)).toBe(true);
      expect(address.mask).toBe(1 << (bit % 8));
    }
    const answers = await answersOf(`floats-${bits}/flipped.onnx`);
    const labels = await answersOf("m.onnx");
    expect(document.after.accuracy).toBeCloseTo(answers.filter((a, i) => a === labels[i]).length / 96, 1);
    expect(document.after.accuracy).toBeLessThan(document.before.accuracy);
    const clean = bits === "32" ? at("m.onnx") : `${out}/quantised.onnx`;
    await reprise("apply", clean, `${out}/results.json`, "--out", at("f.onnx"));
    expect(readFileSync(at("f.onnx"))).toEqual(readFileSync(`${out}/flipped.onnx`));
    await reprise("undo", at("f.onnx"), `${out}/results.json`, "--out", at("u.onnx"));
    expect(readFileSync(at("u.onnx"))).toEqual(readFileSync(clean));
    const [{ address }] = document.flips;
    const [bytes, flipped] = [readFileSync(clean), readFileSync(at("f.onnx"))];
    const differing = [...flipped].flatMap((byte, i) => (byte === bytes[i] ? [] : [i]));
    expect(differing).toContain(address.byte);
    expect(differing.length).toBeLessThanOrEqual(2 * width);
  },
);

it("bits and targets that there are not", async () => {
  const attack = (...args: string[]) => reprise("attack", at("m.onnx"), ...given(), ...args);
  await expect(attack("--bits", "12")).rejects.toThrow(
    "--bits is 12; expected 1 to 8, or 32 or 16 to attack the floats as they are",
  );
  await expect(attack("--bits", "8", "--targets", "weights,feet")).rejects.toThrow(
    "--targets names feet; known are weights, biases, scales",
  );
  await expect(reprise("quantise", at("m.onnx"), "--bits", "32", "--out", at("x.onnx"))).rejects.toThrow(
    "--bits is 32; expected 1 to 8",
  );
});
