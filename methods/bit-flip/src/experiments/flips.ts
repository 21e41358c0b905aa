// Flips to a guess of CIFAR-10 networks with published weights, over several samples, and as many random flips.
import type { LabelledImages } from "@reprise/data";
import { Random } from "@reprise/data";
import type { Runtime, Tensor } from "@reprise/engine";
import {
  type Data,
  type Experiments,
  type MissingData,
  measuredMean,
  measuredShare,
  stepKind,
  type Unit,
  value,
} from "@reprise/experiment";
import { exportNetwork, imageNetStatistics, imageNetwork, type Weights } from "@reprise/nn";
import { accuracyOf, bitFlipAttack } from "../attack.ts";
import { attackSettings, publishedFlips } from "../config.ts";
import { graphVictim } from "../graph-victim.ts";
import { onnxNetwork } from "../onnx-network.ts";
import { randomFlips } from "../random-flips.ts";

/** CIFAR-10's images as bytes, to draw samples from and to test on. */
export interface Cifar {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/** Networks of akamaster's repository, by the names of their files. */
export const weightFiles = {
  resnet20: "resnet20-12fca82f.th",
  resnet32: "resnet32-d509ac18.th",
  resnet44: "resnet44-014dd654.th",
  resnet56: "resnet56-4bfd9763.th",
} as const;

type NetworkName = keyof typeof weightFiles;

/** Data by the name that `data` takes. */
export const dataPlaces: Readonly<Record<string, MissingData>> = {
  cifar: { name: "CIFAR-10", place: "cifar10/train4000.bin and cifar10/test1000.bin" },
  ...Object.fromEntries(
    Object.entries(weightFiles).map(([network, file]) => [
      network,
      { name: `weights of ${network}`, place: `resnet_cifar/${file}` },
    ]),
  ),
};

interface Outcome {
  /** Right answers before, after the attack and, after 100 random flips, in each trial. */
  readonly right: { readonly before: number; readonly after: number; readonly random: readonly number[] };
  readonly flips: number;
  readonly reached: boolean;
  readonly images: number;
}

const randomCount = 100;
const mostFlips = 300;

const attacked = stepKind<{
  parameters: { readonly network: NetworkName; readonly bits: number; readonly seed: number };
  data: { readonly weights: Weights; readonly cifar: Cifar };
  value: Outcome;
  lane: Runtime;
}>({
  name: "bit-flip/attack",
  version: 1,
  text: ({ network, bits, seed }) => `attacking ${network}, ${bits} bits, sample ${seed}`,
  cost: () => 60,
  async run({ parameters: { network: name, bits, seed }, data: { weights, cifar }, lane, signal, onProgress }) {
    const network = onnxNetwork(exportNetwork(imageNetwork(name), weights), { name, bits });
    const rows = new Random(seed).permutation(cifar.train.labels.data.length).slice(0, attackSettings.sampleSize);
    const victim = await graphVictim(lane, network, { images: inputsOf(cifar.train, rows) });
    const labels = Int32Array.from(cifar.test.labels.data);
    const test = { images: inputsOf(cifar.test), labels };
    const right = (share: number) => Math.round(share * labels.length);
    const random = await randomFlips(victim, { counts: [randomCount], trials: 3, seed, test, signal });
    const before = await accuracyOf(victim, test, signal);
    const { stopped, after, steps } = await bitFlipAttack(victim, {
      test,
      stopAccuracy: attackSettings.stopAccuracy.cifar10,
      maxFlips: mostFlips,
      signal,
      onProgress: (event) => {
        if (event.kind === "step") onProgress({ done: Math.min(event.done, 29), total: 30 }); // how many there will be is unknown
      },
    });
    await victim.release();
    return {
      value: {
        right: { before: right(before), after: right(after.accuracy), random: random[0]!.accuracies.map(right) },
        flips: steps.at(-1)?.flipped ?? 0,
        reached: stopped === "accuracy",
        images: labels.length,
      },
    };
  },
});

/** As these networks take them: normalised as ImageNet is. */
function inputsOf({ images, labels }: LabelledImages, rows?: ArrayLike<number>): Tensor<"float32"> {
  const each = images.data.length / labels.data.length;
  const picked = rows ?? labels.data.map((_, i) => i);
  const data = new Float32Array(picked.length * each);
  const mean = Float32Array.from(imageNetStatistics.mean);
  const deviation = Float32Array.from(imageNetStatistics.deviation);
  for (let i = 0; i < picked.length; i++)
    for (let k = 0; k < each; k++) {
      const channel = Math.floor(k / 1024);
      const unit = Math.fround(images.data[picked[i]! * each + k]!);
      data[i * each + k] = Math.fround(unit - mean[channel]!) / deviation[channel]!;
    }
  return { dtype: "float32", shape: [picked.length, 3, 32, 32], data };
}

export const countUnit: Unit = {
  text: (flips) => flips.toFixed(1),
  sign: "",
  claimed: (flips) => `${flips}`,
  of: (runs) => `${runs} runs`,
};
export const accuracyUnit: Unit = {
  text: (share) => (100 * share).toFixed(1),
  sign: "%",
  claimed: (percent) => percent.toFixed(2),
  of: (images) => `${images.toLocaleString("en")} images`,
};

/** Networks whose weights are not at hand have no values. */
export const flips: Experiments = {
  values({ settings, data }) {
    const { seed, samples, bits } = settings as {
      readonly seed: number;
      readonly samples: number;
      readonly bits: readonly number[];
    };
    const cifar = data("cifar") as Data<Cifar> | undefined;
    if (!cifar) return [];
    return (Object.keys(weightFiles) as NetworkName[]).flatMap((network) => {
      const weights = data(network) as Data<Weights> | undefined;
      if (!weights) return [];
      return bits.flatMap((each) => {
        const runs = Array.from({ length: samples }, (_, i) =>
          attacked({ network, bits: each, seed: seed + i }, { data: { weights, cifar } }),
        );
        const published = publishedFlips.find((row) => row.network === network && row.bits === each);
        const common = {
          ...{ table: "flips", row: `${network}, ${each} bits`, seed, dataSha256: cifar.sha256 },
          settings: { data: "DIR", seed, samples, bits: [each] },
          from: { runs },
        } as const;
        return [
          value({
            ...common,
            id: `flips/${network}/${each}/accuracy`,
            ...{ column: "accuracy before", unit: accuracyUnit, claimed: published?.before ?? null },
            read: ({ runs: [first] }) => measuredShare(first!.value.right.before, first!.value.images),
          }),
          value({
            ...common,
            id: `flips/${network}/${each}/flips`,
            ...{ column: "flips to 11 %", unit: countUnit, claimed: published?.flips ?? null },
            read: ({ runs: all }) => measuredMean(all.map((run) => run.value.flips)),
          }),
          value({
            ...common,
            id: `flips/${network}/${each}/random`,
            ...{ column: "accuracy after 100 random flips", unit: accuracyUnit, claimed: null },
            read({ runs: all }) {
              const shares = all.flatMap(({ value: { right, images } }) => right.random.map((n) => n / images));
              return measuredMean(shares, all[0]!.value.images);
            },
          }),
        ];
      });
    });
  },
};
