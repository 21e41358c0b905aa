// ResNet, AlexNet and VGG against torchvision 0.14.1 and PyTorch 1.13 (tools/reference/nn_networks.py).
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Random } from "@reprise/data";
import {
  compile,
  formatShape,
  gradient,
  type Inputs,
  type Layout,
  layoutSize,
  ModelError,
  type Runtime,
  softmaxCrossEntropy,
  type Tensor,
  Training,
  tensor,
  trace,
  unflatten,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import {
  alexnet,
  classifierProgram,
  evaluator,
  exportNetwork,
  imageNetwork,
  imageNetworkNames,
  initialWeights,
  type Network,
  readTorchFile,
  resnet,
  resnetCifar,
  stateDictOf,
  vgg,
  type Weights,
  weightsByName,
  weightsFromTensors,
} from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url);
interface Forward {
  readonly size: number;
  readonly classes: number;
  readonly logits: number[];
}
const expected = JSON.parse(readFileSync(fixture("networks.json"), "utf8")) as {
  layouts: Record<string, { parameters: number; arrays: number; sha256: string }>;
  forward: Record<string, Forward>;
  file: number[];
  published: number[];
  training: { losses: number[]; after: Record<string, number> };
};

/** The numbers of the script's `formula`. */
function formula(count: number, seed: number): Float64Array {
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = (i + Math.imul(seed, 0x9e3779b1)) >>> 0;
    for (let round = 0; round < 2; round++) x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
    x ^= x >>> 16;
    numbers[i] = (x >>> 8) * 2 ** -24;
  }
  return numbers;
}
const noise = (shape: number[], seed: number) =>
  tensor(
    "float32",
    shape,
    Float32Array.from(
      formula(
        shape.reduce((a, b) => a * b),
        seed,
      ),
      (u) => 2 * u - 1,
    ),
  );

function filled(layout: Layout): Float32Array {
  const flat = new Float32Array(layoutSize(layout));
  for (const [name, { shape, data }] of Object.entries(unflatten(flat, layout))) {
    let seed = 7;
    for (let i = 0; i < name.length; i++) seed = (Math.imul(seed, 31) + name.charCodeAt(i)) >>> 0;
    const bound = shape.length > 1 ? Math.sqrt((3 * shape[0]!) / data.length) : 0.1;
    const positive = shape.length === 1 && /\.(weight|running_var)$/.test(name);
    const u = formula(data.length, seed);
    for (let i = 0; i < data.length; i++) data[i] = positive ? 0.5 + u[i]! : (2 * u[i]! - 1) * bound;
  }
  return flat;
}
const filledWeights = ({ parameters, buffers = {} }: Network): Weights => ({
  parameters: filled(parameters),
  buffers: filled(buffers),
});

function expectClose(ours: ArrayLike<number>, theirs: readonly number[], tolerance: number): void {
  expect(ours).toHaveLength(theirs.length);
  for (let i = 0; i < theirs.length; i++) expect(Math.abs(ours[i]! - theirs[i]!), `at ${i}`).toBeLessThan(tolerance);
}

const published = Object.fromEntries(imageNetworkNames.map((name) => [name, imageNetwork(name)]));

test("every array has the name and shape of the reference's state_dict", () => {
  expect(Object.keys(published).sort()).toEqual(Object.keys(expected.layouts).sort());
  for (const [name, network] of Object.entries(published)) {
    expect(network.name).toBe(name);
    const lines = Object.entries({ ...network.parameters, ...network.buffers }).map(
      ([array, shape]) => `${array} ${formatShape(shape)}`,
    );
    expect(
      {
        parameters: layoutSize(network.parameters),
        arrays: lines.length,
        sha256: createHash("sha256").update(lines.sort().join("\n")).digest("hex"),
      },
      name,
    ).toEqual(expected.layouts[name]);
  }
  expect(expected.layouts.resnet20!.parameters).toBe(269_722); // 0.27 M in He et al. 2016, Table 6
});

const small: Record<string, (inputShape: number[], classes: number) => Network> = {
  resnet20: (inputShape, classes) => resnetCifar({ depth: 20, inputShape, classes }),
  resnet18: (inputShape, classes) => resnet({ depth: 18, inputShape, classes }),
  resnet50: (inputShape, classes) => resnet({ depth: 50, inputShape, classes }),
  alexnet: (inputShape, classes) => alexnet({ inputShape, classes, units: 8 }),
  vgg11: (inputShape, classes) => vgg({ depth: 11, inputShape, classes, units: 8 }),
  "vgg11-bn": (inputShape, classes) => vgg({ depth: 11, batchNorm: true, inputShape, classes, units: 8 }),
};
test.each(Object.keys(small))("%s gives PyTorch's logits", async (name) => {
  const { size, classes, logits } = expected.forward[name]!;
  const network = small[name]!([3, size, size], classes);
  const count = logits.length / classes;
  const run = evaluator(runtime, network, { batchSize: count });
  expectClose(await run.logits(filledWeights(network), noise([count, 3, size, size], 100)), logits, 1e-4);
  await run.release();
});

/** Logits of a ResNet-20 by this package, and by the ONNX file that it writes, are the expected to 1e-4. */
async function expectLogits(network: Network, weights: Weights, logits: readonly number[]): Promise<void> {
  const run = evaluator(runtime, network, { batchSize: 4 });
  const x = noise([4, 3, 32, 32], 100);
  expectClose(await run.logits(weights, x), logits, 1e-4);
  await run.release();
  const session = await runtime.load(exportNetwork(network, weights), { purpose: "infer" });
  expectClose((await session.run({ x })).logits!.data as Float32Array, logits, 1e-4);
  await session.release();
}

/** The arrays of a file that torch.save wrote. */
const tensorsOf = (file: string | URL, source: string) =>
  stateDictOf(readTorchFile(readFileSync(file), { source }), { source });

describe("a ResNet-20 with random weights, saved by PyTorch as trainings on several GPUs are", () => {
  const network = resnetCifar({ depth: 20 });
  const file = "torch-files/resnet20.th";
  const tensors = tensorsOf(fixture(file), file);

  test("gives PyTorch's logits, and so does its ONNX file", () =>
    expectLogits(network, weightsFromTensors(network, tensors, { source: file }), expected.file));

  test("another network's file is told by what is missing and what has another shape", () => {
    const load =
      (other: Network, given = tensors) =>
      () =>
        weightsFromTensors(other, given, { source: "w.th" });
    expect(load(resnetCifar({ depth: 32 }))).toThrow(ModelError);
    expect(load(resnetCifar({ depth: 32 }))).toThrow(
      /w\.th: "layer1\.3\.conv1\.weight", .* and \d+ more are missing; are these another network's weights\?/,
    );
    expect(load(resnetCifar({ depth: 20, classes: 100 }))).toThrow(
      /w\.th: "linear\.weight" is \[10, 64\], the network's is \[100, 64\]/,
    );
    expect(load(resnet({ depth: 18 }))).toThrow(/"layer1\.2\.conv1\.weight".* not expected/);
    const { "bn1.running_var": _, ...incomplete } = tensors;
    expect(load(network, incomplete)).toThrow(/w\.th: "bn1\.running_var" is missing/);
  });
});

// Neither the weights nor CIFAR-10 are shipped. REPRISE_RESNET20 is the file resnet20-12fca82f.th of
// github.com/akamaster/pytorch_resnet_cifar10 (commit d5489e8); REPRISE_DATA is a folder with cifar10/test1000.bin, the
// first 1,000 images of CIFAR-10's test_batch.bin.
describe("the published ResNet-20", () => {
  const network = resnetCifar({ depth: 20 });
  const file = process.env.REPRISE_RESNET20;
  const load = () => weightsFromTensors(network, tensorsOf(file!, "published"), { source: "published" });
  const noFile = file ? "" : " (skipped: set REPRISE_RESNET20 to the file resnet20-12fca82f.th)";

  test.skipIf(noFile)(`gives PyTorch's logits${noFile}`, () => expectLogits(network, load(), expected.published));

  const data = `${process.env.REPRISE_DATA}/cifar10/test1000.bin`;
  const noData = existsSync(data) ? "" : " (skipped: set REPRISE_DATA to a folder with cifar10/test1000.bin)";
  test.skipIf(noFile || noData)(`classifies 91.5 % ± 0.1 of 1,000 test images${noFile || noData}`, async () => {
    const bytes = readFileSync(data);
    const [mean, deviation] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ];
    const images = new Float32Array(1000 * 3072);
    const labels = Array.from({ length: 1000 }, (_, i) => bytes[i * 3073]!);
    for (let i = 0; i < images.length; i++) {
      const channel = Math.floor((i % 3072) / 1024);
      images[i] = (bytes[Math.floor(i / 3072) * 3073 + 1 + (i % 3072)]! / 255 - mean[channel]!) / deviation[channel]!;
    }
    const run = evaluator(runtime, network, { batchSize: 250 });
    const { accuracy } = await run.evaluate(load(), {
      images: tensor("float32", [1000, 3, 32, 32], images),
      labels: tensor("int64", [1000], labels),
    });
    expect(Math.abs(accuracy - 0.915)).toBeLessThanOrEqual(0.001);
    await run.release();
  });
});

/** The same runtime without ONNX Runtime's blocked layout. */
const plain: Runtime = { ...runtime, channelBlock: async () => 1 };

// One rectifier near zero that rounding flips moves a sum of weights by 1e-2 in three steps; in the plain layout none is.
test.each([
  ["in the plain layout", plain, 2e-3],
  ["in this machine's layout", runtime, 2e-2],
] as const)(
  "three training steps of ResNet-20 are PyTorch's: losses, weights and running statistics, %s",
  async (_, on, tolerance) => {
    const network = resnetCifar({ depth: 20 });
    const recipe = { ...network.recipe, weightDecay: 1e-2 };
    const { parameters, buffers } = filledWeights(network);
    const training = await Training.start(on, classifierProgram(network, recipe), { parameters, buffers: buffers! });
    for (const [step, loss] of expected.training.losses.entries()) {
      const labels = Array.from(formula(16, 200 + step), (u) => Math.floor(u * 10));
      const feeds = { x: noise([16, 3, 32, 32], 400 + step), labels: tensor("int64", [16], labels) };
      const done = await training.run(feeds, { learningRate: 0.1 });
      expect(Math.abs(done.loss - loss), `step ${step}`).toBeLessThan(1e-4);
    }
    const after = weightsByName(network, await training.state());
    await training.release();
    for (const [name, { data }] of Object.entries({ ...after.parameters, ...after.buffers })) {
      const sum = data.reduce((a, b) => a + b, 0);
      // Rounding of one number is 1e-7; three steps carry it through some hundred thousand of them.
      expect(Math.abs(sum - expected.training.after[name]!), name).toBeLessThan(tolerance * Math.max(1, Math.abs(sum)));
    }
  },
);

test("gradients of ResNet-20 are float64's to 5e-6, in the plain layout and in this machine's", async () => {
  const network = resnetCifar({ depth: 20 });
  const { parameters, buffers } = filledWeights(network);
  const weights = { ...unflatten(parameters, network.parameters), ...unflatten(buffers!, network.buffers!) };
  const labels = tensor(
    "int64",
    [16],
    Array.from(formula(16, 200), (u) => Math.floor(u * 10)),
  );
  const names = Object.keys(network.parameters);
  const gradients = async (on: Runtime) => {
    const f = compile(on, ({ x, labels, ...w }: Inputs<string>) => {
      const { logits } = network.forward(w, x!, { training: true, buffers: w });
      const p = names.map((name) => w[name]!);
      return Object.fromEntries(gradient(softmaxCrossEntropy(logits, labels!), p).map((g, i) => [`d ${names[i]}`, g]));
    });
    const float = (t: Tensor) => tensor(on.target.float, t.shape, t.data as ArrayLike<number>);
    const all = Object.entries({ x: noise([16, 3, 32, 32], 400), ...weights }).map(([name, t]) => [name, float(t)]);
    const found = await f.run({ ...Object.fromEntries(all), labels });
    await f.release();
    return found;
  };
  const exact = await gradients(nodeRuntime({ target: "reference", threads: 1 }));
  for (const on of [plain, runtime]) {
    const found = await gradients(on);
    for (const name of names) {
      const [got, want] = [found[`d ${name}`]!.data as Float32Array, exact[`d ${name}`]!.data as Float64Array];
      const error = Math.sqrt(want.reduce((sum, v, i) => sum + (got[i]! - v) ** 2, 0));
      expect(error / Math.sqrt(want.reduce((sum, v) => sum + v * v, 0)), name).toBeLessThan(5e-6);
    }
  }
});

test("initial weights: He's rule for convolutions, identity for normalisations, variance 1 for statistics", () => {
  const network = resnetCifar({ depth: 20, classes: 3 });
  const { parameters, buffers } = weightsByName(network, initialWeights(network, new Random(1)));
  const weights = parameters["layer3.0.conv2.weight"]!.data;
  const variance = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
  expect(variance / (2 / (64 * 9))).toBeCloseTo(1, 1);
  expect(new Set(parameters["bn1.weight"]!.data)).toEqual(new Set([1]));
  expect(new Set(parameters["bn1.bias"]!.data)).toEqual(new Set([0]));
  expect(new Set(buffers["layer2.0.bn2.running_var"]!.data)).toEqual(new Set([1]));
  expect(new Set(buffers["layer2.0.bn2.running_mean"]!.data)).toEqual(new Set([0]));
});

test("wrong names, depths and shapes", () => {
  expect(() => imageNetwork("resnet21")).toThrow(/network "resnet21" is not known; choose one of resnet20, .*vgg19-bn/);
  expect(() => resnetCifar({ depth: 21 })).toThrow(/resnet21: the depth must be 6n \+ 2, e\.g\. 20, 32, 44 or 56/);
  expect(() => resnet({ depth: 19 as 18 })).toThrow(/resnet19: the depth must be one of 18, 34, 50, 101/);
  expect(() => vgg({ depth: 12 as 11 })).toThrow(/vgg12: the depth must be one of 11, 13, 16, 19/);
  const network = resnetCifar({ depth: 20 });
  const gray = () =>
    trace(
      ({ x, ...p }) => network.forward(p, x!) as never,
      Object.fromEntries(
        Object.entries({ ...network.parameters, x: [2, 1, 32, 32] }).map(([name, shape]) => [
          name,
          { dtype: "float32" as const, shape },
        ]),
      ),
    );
  expect(gray).toThrow(/conv2d "conv1": .*1 channel/);
});
