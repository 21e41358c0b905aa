import { readFileSync } from "node:fs";
import {
  compile,
  conv,
  cutOnnx,
  exportOnnx,
  gradient,
  type Layout,
  layoutSize,
  reduceMean,
  reduceSumSquare,
  relu,
  reshape,
  slice,
  sqrt,
  type Tensor,
  tensor,
  trace,
  unflatten,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import { framesTensor } from "../src/frames.ts";
import {
  decodeModel,
  type EncoderKind,
  embed,
  encodeModel,
  encoderOf,
  pairLoss,
  presets,
  train,
  untrained,
} from "../src/index.ts";

// Numbers of tools/reference/tcc_encoders.py.
interface Case {
  readonly name: EncoderKind;
  readonly context: number;
  readonly side: number;
  readonly channels: number;
  readonly frames: number;
  readonly embeddings: readonly number[];
  readonly trainingEmbeddings: readonly number[];
  readonly loss: number;
  readonly baseGradients: Readonly<Record<string, number>>;
  readonly embedderGradients: Readonly<Record<string, number>>;
  readonly baseStatistics: Readonly<Record<string, number>>;
  readonly embedderStatistics: Readonly<Record<string, number>>;
}
const { cases } = JSON.parse(readFileSync(new URL("fixtures/encoders.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

/** The numbers of the script's `formula`. */
function formula(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (i + Math.imul(seed, 0x9e3779b1)) >>> 0;
    for (let round = 0; round < 2; round++) x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
    x = (x ^ (x >>> 16)) >>> 0;
    return (x >>> 8) * 2 ** -24;
  });
}

/** The script's `fill`; its embedder is a module of its own. */
function filled(layout: Layout): Float32Array {
  const flat = new Float32Array(layoutSize(layout));
  for (const [full, { shape, data }] of Object.entries(unflatten(flat, layout))) {
    const name = full.replace(/^embedder\./, "");
    let seed = 7;
    for (let i = 0; i < name.length; i++) seed = (Math.imul(seed, 31) + name.charCodeAt(i)) >>> 0;
    const bound = shape.length > 1 ? Math.sqrt((3 * shape[0]!) / data.length) : 0.1;
    const positive = shape.length === 1 && /\.(weight|running_var)$/.test(name);
    const u = formula(data.length, seed);
    for (let i = 0; i < data.length; i++) data[i] = positive ? 0.5 + u[i]! : (2 * u[i]! - 1) * bound;
  }
  return flat;
}

/** @param tolerance  of the largest of them */
function expectClose(found: readonly number[], wanted: readonly number[], tolerance: number) {
  const scale = Math.max(...wanted.map(Math.abs));
  expect(found).toHaveLength(wanted.length);
  expect(Math.max(...found.map((x, i) => Math.abs(x - wanted[i]!) / scale))).toBeLessThan(tolerance);
}

describe.each(cases)("$name, $context frames of $side², is PyTorch's", (wanted) => {
  const { name, context, side, channels, frames } = wanted;
  const spec = {
    kind: name,
    frameShape: [3, side, side],
    context,
    contextStride: 1,
    dimensions: 128,
    backbone: { ...presets[name].backbone!, width: 0.125, embedder: channels, train: "all" as const },
  };
  const encoder = encoderOf(spec);
  const weights = unflatten(filled(encoder.parameters), encoder.parameters);
  const count = frames * context * 3 * side * side;
  const x = tensor(
    "float32",
    [frames, context, 3, side, side],
    formula(count, 3).map((u) => 2 * u - 1),
  );
  const sampled = (data: ArrayLike<number>) => Array.from(data).filter((_, i) => i % 17 === 0);

  test("as it embeds", async () => {
    const program = compile(runtime, ({ x, ...p }: Record<string, Value>) => ({ y: encoder.forward(p, x!) }));
    const { y } = await program.run({ x, ...weights });
    expectClose(sampled(y!.data as Float32Array), wanted.embeddings, 1e-4);
    await program.release();
  });

  test("as it learns: by the batch's statistics, with the gradient of every array", async () => {
    const trained = Object.keys(encoder.parameters).filter((key) => !(key in encoder.buffers));
    const norm = (value: Value) => sqrt(reduceSumSquare(value));
    const program = compile(runtime, ({ x, ...p }: Record<string, Value>) => {
      const { embeddings, buffers } = encoder.step(p, x!, {});
      const half = (start: number) => reshape(slice(embeddings, [{ axis: 0, start, end: start + 3 }]), [1, 3, 128]);
      const times = x!.graph.constant(tensor("float32", [1, 3], [0, 1 / 3, 2 / 3]));
      const loss = pairLoss(half(0), half(3), times, { loss: "regression-mse", temperature: 0.1 });
      const gradients = gradient(
        loss,
        trained.map((key) => p[key]!),
      );
      return {
        loss,
        embeddings,
        ...Object.fromEntries(trained.map((key, i) => [`d.${key}`, norm(gradients[i]!)])),
        ...Object.fromEntries(Object.entries(buffers).map(([key, value]) => [`s.${key}`, norm(value)])),
      };
    });
    const out: Record<string, Tensor> = await program.run({ x, ...weights });
    expectClose(sampled(out.embeddings!.data as Float32Array), wanted.trainingEmbeddings, 1e-3);
    expectClose([Number(out.loss!.data[0])], [wanted.loss], 1e-3);
    const told = (of: Readonly<Record<string, number>>, prefix: string, tolerance: number) => {
      const found = Object.keys(of).map((key) => Number(out[`${prefix}${key}`]!.data[0]));
      expectClose(found, Object.values(of), tolerance);
    };
    told(wanted.embedderGradients, "d.embedder.", 5e-3);
    told(wanted.baseGradients, "d.", 5e-3);
    told(wanted.embedderStatistics, "s.embedder.", 1e-3);
    told(wanted.baseStatistics, "s.", 1e-3);
    await program.release();
  });
});

const noise = (name: string, seed: number, side = 16, T = 6) => ({
  name,
  shape: [T, side, side, 3],
  data: Uint8Array.from(formula(T * side * side * 3, seed), (u) => Math.floor(256 * u)),
});
const videos = [noise("a", 1), noise("b", 2), noise("c", 4)];
const small = { width: 0.125, embedder: 8 };
const brief = { steps: 2, validateEvery: 2, framesPerVideo: 4, contextStride: 1 };

describe("what of a backbone is trained", () => {
  const moved = async (train_: "all" | "only-bn" | "frozen") => {
    const settings = { ...brief, encoder: "vggm" as const, backbone: { ...small, train: train_ } };
    const before = untrained(videos, settings);
    const after = await train(runtime, videos, { settings, heldOut: videos.slice(1) });
    const { parameters } = encoderOf(before.spec);
    const [old, now] = [unflatten(before.parameters, parameters), unflatten(after.parameters, parameters)];
    return (name: string) => `${old[name]!.data}` !== `${now[name]!.data}`;
  };

  test.each([
    ["all", [true, true, true]],
    ["only-bn", [false, true, true]],
    ["frozen", [false, false, false]],
  ] as const)("%s", async (train_, [convolution, scale, statistics]) => {
    const has = await moved(train_);
    expect(has("conv2.weight")).toBe(convolution);
    expect(has("norm2.weight")).toBe(scale);
    expect(has("norm2.running_mean")).toBe(statistics);
    expect(has("embedder.fc3.weight")).toBe(true);
  });
});

test("a ResNet-50 begins with the arrays of a state_dict; one that lacks some is refused", () => {
  const settings = { encoder: "resnet50" as const, backbone: { embedder: 8 } };
  const { parameters } = encoderOf(untrained(videos, settings).spec);
  const own = Object.fromEntries(Object.entries(parameters).filter(([name]) => !name.startsWith("embedder.")));
  const state = unflatten(filled(own), own);
  const begun = untrained(videos, settings, { state: { ...state, "fc.weight": tensor("float32", [1], [7]) } });
  const arrays = unflatten(begun.parameters, parameters);
  for (const name of ["conv1.weight", "layer3.2.bn3.running_var"])
    expect(arrays[name]!.data).toEqual(state[name]!.data);
  const { "layer2.0.conv1.weight": _, ...less } = state;
  expect(() => untrained(videos, settings, { state: less })).toThrow(
    'the backbone\'s weights: "layer2.0.conv1.weight" is missing',
  );
});

describe("an ONNX backbone", () => {
  const W = tensor(
    "float32",
    [8, 3, 3, 3],
    Array.from(formula(8 * 27, 9), (u) => u - 0.5),
  );
  const bytes = exportOnnx(
    trace(
      ({ x }: { readonly x: Value }) => {
        const maps = relu(conv(x, x.graph.constant(W), null, { strides: [2, 2], pads: [1, 1] }));
        return { maps, scores: reduceMean(maps, { axes: [2, 3] }) };
      },
      { x: { dtype: "float32", shape: [1, 3, 32, 32] } },
    ),
  );
  const settings = {
    ...brief,
    encoder: "onnx" as const,
    backbone: { embedder: 8, cut: "maps", pixels: "signed" as const },
  };

  test("is cut at a value, takes frames of another size, and travels with the model", async () => {
    const onnx = cutOnnx(bytes, "maps");
    expect(onnx.length).toBeLessThan(bytes.length);
    const trained = await train(runtime, videos, { settings, heldOut: videos.slice(1), backbone: { onnx } });
    expect(trained.spec.backbone).toMatchObject({ channels: 8, cut: "maps" });
    const read = decodeModel(encodeModel(trained), "M");
    const encoder = encoderOf(read.spec, read.backbone);
    const [told] = await embed(runtime, encoder, read.parameters, videos.slice(0, 1));
    // Whole frames in context give what each frame once and then its context gives.
    const program = compile(runtime, ({ x, ...p }: Record<string, Value>) => ({ y: encoder.forward(p, x!) }));
    const steps = [0, 1, 2, 3, 4, 5];
    const { y } = await program.run({
      x: framesTensor(read.spec, videos[0]!, steps),
      ...unflatten(read.parameters, encoder.parameters),
    });
    await program.release();
    expectClose(Array.from(told!.data), Array.from(y!.data as Float32Array), 1e-5);
    expect(told!.shape).toEqual([6, 128]);
  });

  test("a value that is not there, and bytes that are no model, are refused", () => {
    expect(() => cutOnnx(bytes, "features", { name: "net.onnx" })).toThrow(
      'net.onnx: no node makes "features". The last values of its graph are ',
    );
    expect(() => cutOnnx(Uint8Array.of(7, 7, 7), "maps", { name: "net.onnx" })).toThrow(
      "net.onnx: not a readable ONNX model: ",
    );
    expect(() => encoderOf({ ...untrained(videos, { encoder: "vggm" }).spec, kind: "onnx" })).toThrow(
      "encoderOf: an ONNX encoder needs its backbone's file.",
    );
  });
});
