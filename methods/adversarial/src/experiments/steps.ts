// The work under the tables: networks are trained, their errors counted, their images attacked, and shown to each other.
import { decodeNpy, encodeNpy, type LabelledImages, ndArray, type Rate, rateOf } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import { type Step, type StepResult, stepKind } from "@reprise/experiment";
import { type OnnxClassifier, onnxClassifier } from "@reprise/nn";
import { perturb } from "../perturb.ts";
import { amplify, gaussianControl, inducedError, meanDistortion } from "../transfer.ts";
import { plannedNetwork, type Shown, type Split, titleOf } from "./networks.ts";
import { type ArmSettings, armOf, trainArm } from "./regularisation.ts";
import { type TrainingSettings, trainPlanned } from "./train.ts";

/** MNIST, and the halves of its training images. */
export type Digits = Readonly<Record<"train" | "p1" | "p2" | "test", LabelledImages>>;
type OfDigits = { readonly digits: Digits };

/** Seconds of a training of all of MNIST's images, for those that there are. */
const scaled = (seconds: number, { digits }: { readonly digits: { readonly count?: number } }) =>
  seconds * ((digits.count ?? 60_000) / 60_000);

/** A network's file, "network.onnx". */
export const train = stepKind<{ parameters: TrainingSettings; data: OfDigits; value: null; lane: Runtime }>({
  name: "adversarial/train",
  version: 1,
  text: ({ id, part }) => `training ${plannedNetwork(id).name}${part === "train" ? "" : ` on ${part.toUpperCase()}`}`,
  cost: ({ id, part }, data) => scaled(plannedNetwork(id).cost.training * (part === "train" ? 1 : 0.5), data),
  async run({ parameters, data: { digits }, lane, signal, onProgress }) {
    const bytes = await trainPlanned(lane, parameters, {
      examples: digits[parameters.part],
      signal,
      onProgress: (done) => onProgress({ done, total: 1 }),
    });
    return { value: null, files: { "network.onnx": bytes } };
  },
});

export type Errors = Readonly<Record<"train" | "p1" | "p2" | "test", Rate>>;

/** Errors on the whole of each part of the data. */
export const countErrors = stepKind<{
  parameters: { readonly network: string };
  needs: { network: Step<null> };
  data: OfDigits;
  value: Errors;
  lane: Runtime;
}>({
  name: "adversarial/errors",
  version: 1,
  text: ({ network }) => `counting the errors of ${plannedNetwork(network).name}`,
  run: ({ parameters, needs, data: { digits }, lane, signal }) =>
    withClassifier(lane, parameters.network, needs.network, async (classifier) => {
      const on = ({ images, labels }: LabelledImages) => inducedError(classifier, images.data, labels.data, { signal });
      const [p1, p2, test] = [await on(digits.p1), await on(digits.p2), await on(digits.test)];
      return { value: { p1, p2, test, train: rateOf(p1.count + p2.count, p1.of + p2.of) } };
    }),
});

/** What the attack made for a network: distortions of the images that reached their target. */
export interface Attacked {
  readonly distortions: readonly number[];
  /** Counts by status. */
  readonly failed: number;
  readonly alreadyTarget: number;
}

interface AttackSettings {
  readonly network: string;
  readonly split: Split;
  /** The first so many of the split. */
  readonly images: number;
  readonly seed: number;
  readonly target: "random";
  readonly norm: "squared";
  readonly sharpness: number;
}

/** The paper's loss; |r|²: see README. */
export const attackSettings = { target: "random", norm: "squared", sharpness: 1 } as const;

/** Adversarial images, "images.npy", in the order of the clean ones. */
export const attack = stepKind<{
  parameters: AttackSettings;
  needs: { network: Step<null> };
  data: OfDigits;
  value: Attacked;
  lane: Runtime;
}>({
  name: "adversarial/attack",
  version: 1,
  text: ({ network, split, images }) =>
    `attacking ${plannedNetwork(network).name} on ${images} ${split === "train" ? "training" : "test"} images`,
  cost: ({ network, images }) => plannedNetwork(network).cost.attack * (images / 1000),
  run: ({ parameters, needs, data: { digits }, lane, signal, onProgress }) =>
    withClassifier(
      lane,
      parameters.network,
      needs.network,
      async (classifier) => {
        const { split, images: count, seed, target, norm } = parameters;
        const { images, labels } = first(digits[split], count);
        const results = await perturb(classifier, images, labels, {
          ...{ target, norm, seed, signal },
          callsInFlight: 2,
          onProgress: ({ kind, done, total }) => {
            if (kind === "row") onProgress({ done, total });
          },
        });
        const adversarial = new Float32Array(images.length);
        for (const { row, image } of results) adversarial.set(image, row * image.length);
        const counted = (status: string) => results.filter((result) => result.status === status).length;
        return {
          value: {
            distortions: results.filter(({ status }) => status === "success").map(({ distortion }) => distortion),
            failed: counted("failed") + counted("nonFinite"),
            alreadyTarget: counted("alreadyAdversarial"),
          },
          files: { "images.npy": encodeNpy(ndArray("float32", [count, images.length / count], adversarial)) },
        };
      },
      parameters.sharpness,
    ),
});

interface ShowSettings {
  readonly shown: Shown;
  readonly networks: readonly string[];
  readonly split: Split;
  readonly images: number;
  /** Of noise. */
  readonly seed: number;
}

/** One row of Tables 2 and 4: the errors that a set of images induces on networks. */
export const show = stepKind<{
  parameters: ShowSettings;
  needs: { networks: readonly Step<null>[]; attacked?: Step<Attacked> };
  data: OfDigits;
  /** Distortion: mean over the images. Errors: in the order of the networks. */
  value: { readonly distortion: number; readonly errors: readonly Rate[] };
  lane: Runtime;
}>({
  name: "adversarial/show",
  version: 1,
  text: ({ shown }) => `showing the images ${titleOf(shown)}`,
  async run({ parameters: { shown, networks, split, images: count, seed }, needs, data: { digits }, lane, signal }) {
    const { images: clean, labels } = first(digits[split], count);
    let images: Float32Array;
    if (shown.kind === "noise") images = gaussianControl(clean, count, shown.sigma, { seed, clip: shown.clip });
    else {
      const adversarial = decodeNpy(await needs.attacked!.file("images.npy"), "images.npy").data as Float32Array;
      images = shown.kind === "amplified" ? amplify(clean, adversarial, count, shown.sigma) : adversarial;
    }
    const errors: Rate[] = [];
    for (const [i, network] of networks.entries())
      errors.push(
        await withClassifier(lane, network, needs.networks[i]!, (classifier) =>
          inducedError(classifier, images, labels, { signal }),
        ),
      );
    return { value: { distortion: meanDistortion(clean, images, count), errors } };
  },
});

/** Test errors of one training of one arm of §4.2's comparison. */
export const regularise = stepKind<{ parameters: ArmSettings; data: OfDigits; value: Rate; lane: Runtime }>({
  name: "adversarial/regularise",
  version: 1,
  text: ({ arm, seed }) => `training, ${armOf(arm).name}, seed ${seed}`,
  cost: ({ arm }, data) => scaled(armOf(arm).cost, data),
  run: async ({ parameters, data: { digits }, lane, signal, onProgress }) => ({
    value: await trainArm(lane, parameters, {
      train: digits.train,
      test: digits.test,
      signal,
      onProgress: (done) => onProgress({ done, total: 1 }),
    }),
  }),
});

/** The trained network as a classifier, let go afterwards. */
async function withClassifier<Result>(
  runtime: Runtime,
  id: string,
  trained: StepResult<null>,
  use: (classifier: OnnxClassifier) => Promise<Result>,
  sharpness: number = attackSettings.sharpness,
): Promise<Result> {
  const bytes = await trained.file("network.onnx");
  const classifier = await onnxClassifier(runtime, bytes, { name: `${id}.onnx`, sharpness });
  try {
    return await use(classifier);
  } finally {
    await classifier.release();
  }
}

function first({ images, labels }: LabelledImages, count: number): { images: Float32Array; labels: Int32Array } {
  const size = images.data.length / labels.data.length;
  return { images: images.data.slice(0, count * size), labels: labels.data.slice(0, count) };
}
