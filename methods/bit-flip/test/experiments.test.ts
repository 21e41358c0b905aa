// The steps of the experiments on digits, small: what they count of a network with and without a defence.
import { type LabelledImages, Random } from "@reprise/data";
import { mnistSubset } from "@reprise/data/node";
import { tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import type { Step, StepOutput } from "@reprise/experiment";
import type { Defence } from "@reprise/nn";
import { afterAll, expect, test } from "vitest";
import { attackedDigits, type Digits, type DigitsOutcome, type Shield, trained } from "../src/experiments/digits.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const first = ({ images, labels }: LabelledImages, count: number): LabelledImages => ({
  images: tensor("float32", [count, 1, 28, 28], images.data.slice(0, count * 784)) as LabelledImages["images"],
  labels: { ...labels, shape: [count], data: labels.data.slice(0, count) },
});

async function run<Value>({ kind, parameters }: Step<Value>, digits: Digits, network?: Uint8Array) {
  const needs = network ? { network: { file: async () => network } } : {};
  const context = { parameters, needs, data: { digits }, lane: runtime, random: new Random(1) };
  return (await kind.run({
    ...context,
    signal: new AbortController().signal,
    onProgress: () => {},
  })) as StepOutput<Value>;
}

test("networks are trained and attacked: accuracy falls to a guess; what each defence adds", {
  timeout: 120_000,
}, async () => {
  const [train, all] = await Promise.all([mnistSubset({ split: "train" }), mnistSubset({ split: "test" })]);
  const digits = { train: first(train, 600), test: first(all, 100) };
  const data = { digits: { name: "digits", sha256: "0", load: async () => digits } };
  const networkOf = async (defence: Defence | null) => {
    const { files } = await run(trained({ seed: 1, epochs: 3, defence }, { data }), digits);
    return files!["network.onnx"]!;
  };
  const attacked = async (network: Uint8Array, bits: number, shield: Shield | null): Promise<DigitsOutcome> => {
    const needs = { network: trained({ seed: 1, epochs: 3, defence: null }, { data }) };
    return (await run(attackedDigits({ bits, sample: 2, shield }, { needs, data }), digits, network)).value;
  };
  const plain = await networkOf(null);
  const none = await attacked(plain, 8, null);
  expect(none).toMatchObject({ images: 100, reached: true });
  expect(none.before).toBeGreaterThan(50);
  expect(none.after).toBeLessThanOrEqual(11);
  expect(none.flips).toBeGreaterThan(0);
  const weights = none.bytes;

  const checked = await attacked(plain, 8, { kind: "checksums", group: 16 });
  expect({ ...checked, found: 0, recovered: 0, bytes: 0 }).toEqual({ ...none, found: 0, recovered: 0, bytes: 0 });
  expect(checked.bytes - weights).toBeLessThan(weights / 60); // two bits for sixteen bytes, rounded up in each layer
  expect(checked.found).toBeGreaterThan(0);
  expect(checked.recovered).toBeGreaterThan(none.after);

  const signs = await networkOf({ kind: "binarisation" });
  expect(signs.length).toBe(plain.length);
  expect((await attacked(signs, 1, null)).bytes).toBe(Math.ceil(weights / 8));
});
