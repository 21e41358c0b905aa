// Networks of ours on the bundled digits: trained with and without a defence, quantised, attacked. Small enough that
// many can be trained in minutes, which the published networks do not allow.
import { type LabelledImages, Random } from "@reprise/data";
import type { Runtime, Tensor } from "@reprise/engine";
import { type Step, stepKind } from "@reprise/experiment";
import { type Defence, defended, exportNetwork, resnetCifar, trainClassifier } from "@reprise/nn";
import { accuracyOf, bitFlipAttack, type TestSet } from "../attack.ts";
import { attackSettings } from "../config.ts";
import { changedGroups, signatureBytes, signaturesOf, zeroed } from "../defences/checksums.ts";
import { type Guard, guardedOnnx } from "../defences/guarded-onnx.ts";
import { graphVictim } from "../graph-victim.ts";
import { quantizedOnnx } from "../onnx-file.ts";
import { type OnnxNetwork, onnxNetwork } from "../onnx-network.ts";

export interface Digits {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

const recipe = { batchSize: 50, optimizer: "adam", learningRate: 3e-3, schedule: "cosine" } as const;

/** A network's float file, "network.onnx". */
export const trained = stepKind<{
  parameters: { readonly seed: number; readonly epochs: number; readonly defence: Defence | null };
  data: { readonly digits: Digits };
  value: null;
  lane: Runtime;
}>({
  name: "bit-flip/train-digits",
  version: 1,
  text: ({ seed, defence }) => `training ResNet-8 on digits, ${defence?.kind ?? "no defence"}, seed ${seed}`,
  cost: ({ epochs }) => 5 * epochs,
  async run({ parameters: { seed, epochs, defence }, data: { digits }, lane, signal, onProgress }) {
    const plain = resnetCifar({ depth: 8, inputShape: [1, 28, 28] });
    const guarded = defence ? defended(plain, defence) : undefined;
    const { state } = await trainClassifier(lane, guarded ?? plain, {
      examples: digits.train,
      seed,
      recipe: { ...recipe, epochs },
      signal,
      onProgress({ kind, done, total }) {
        if (kind === "step") onProgress({ done, total });
      },
    });
    const weights = guarded?.deployed(state) ?? state;
    return { value: null, files: { "network.onnx": exportNetwork(plain, weights) } };
  },
});

export interface DigitsOutcome {
  readonly images: number;
  /** Right answers before and after. */
  readonly before: number;
  readonly after: number;
  readonly flips: number;
  /** Whether the attack got to a guess before its limit of flips. */
  readonly reached: boolean;
  /** Bytes of the weights, and what the defence adds to them. */
  readonly bytes: number;
  /** Of checksums: flips in groups that the check finds, and right answers after recovery. */
  readonly found?: number;
  readonly recovered?: number;
}

/** After so many flips a network counts as one that was not broken. */
export const mostFlips = 300;

/** What stands between memory and the network. */
export type Shield = Guard | { readonly kind: "checksums"; readonly group: number };

export const attackedDigits = stepKind<{
  parameters: { readonly bits: number; readonly sample: number; readonly shield: Shield | null };
  needs: { readonly network: Step<null> };
  data: { readonly digits: Digits };
  value: DigitsOutcome;
  lane: Runtime;
}>({
  name: "bit-flip/attack-digits",
  version: 1,
  text: ({ bits, sample, shield }) => `attacking, ${bits} bits, ${shield?.kind ?? "no shield"}, sample ${sample}`,
  cost: () => 30,
  async run({ parameters: { bits, sample, shield }, needs: { network }, data, lane, signal, onProgress }) {
    const float = await network.file("network.onnx");
    const { layers, initializers } = onnxNetwork(float, { bits });
    const stored = layers.map((layer, i) => ({ layer, initializer: initializers[i]! }));
    const quantised = quantizedOnnx(float, stored);
    const clean = onnxNetwork(quantised);
    const { attacked, added } = shielded(quantised, clean, shield);
    const { test, train } = data.digits;
    const rows = new Random(sample).permutation(train.labels.data.length).slice(0, attackSettings.sampleSize);
    const victim = await graphVictim(lane, attacked, { images: rowsOf(train, rows) });
    const set: TestSet = { images: rowsOf(test), labels: Int32Array.from(test.labels.data) };
    const right = async () => Math.round((await accuracyOf(victim, set, signal)) * set.labels.length);
    const before = await right();
    const { stopped, steps } = await bitFlipAttack(victim, {
      ...{ test: set, stopAccuracy: attackSettings.stopAccuracy.cifar10, maxFlips: mostFlips, signal },
      onProgress(event) {
        if (event.kind === "step") onProgress({ done: Math.min(event.done, mostFlips - 1), total: mostFlips });
      },
    });
    const outcome = {
      images: set.labels.length,
      before,
      after: await right(),
      flips: steps.at(-1)?.flipped ?? 0,
      reached: stopped === "accuracy",
      bytes: layers.reduce((sum, { values }) => sum + Math.ceil((values.length * bits) / 8), 0) + added,
    };
    if (shield?.kind !== "checksums") {
      await victim.release();
      return { value: outcome };
    }
    const now = clean.layers.map((layer, i) => ({ ...layer, values: victim.layers[i]!.values as Int8Array }));
    const groups = changedGroups(now, signaturesOf(clean.layers, { group: shield.group, key: sample }));
    const flips = steps.flatMap((step) => step.flips);
    const isFound = (flip: { layer: number; index: number }) =>
      groups.some(({ layer, indices }) => layer === flip.layer && indices.includes(flip.index));
    victim.set(zeroed(now, groups));
    const recovered = await right();
    await victim.release();
    return { value: { ...outcome, found: flips.filter(isFound).length, recovered } };
  },
});

/** The network that is attacked, and the bytes that its shield adds. */
function shielded(file: Uint8Array, clean: OnnxNetwork, shield: Shield | null) {
  if (shield === null) return { attacked: clean, added: 0 };
  if (shield.kind === "checksums")
    return { attacked: clean, added: signatureBytes(signaturesOf(clean.layers, { group: shield.group, key: 0 })) };
  const { bytes } = guardedOnnx(file, clean, shield);
  return { attacked: onnxNetwork(bytes), added: bytes.length - file.length };
}

function rowsOf({ images, labels }: LabelledImages, rows?: ArrayLike<number>): Tensor<"float32"> {
  const each = images.data.length / labels.data.length;
  const picked = rows ?? labels.data.map((_, i) => i);
  const data = new Float32Array(picked.length * each);
  for (let i = 0; i < picked.length; i++)
    for (let k = 0; k < each; k++) data[i * each + k] = images.data[picked[i]! * each + k]!;
  return { dtype: "float32", shape: [picked.length, 1, 28, 28], data };
}
