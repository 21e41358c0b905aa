// Models of 16-bit floats and of 8-bit integers; fixtures by tools/reference/onnx_half.py and onnx_quantized.py.
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { compile, gradient, type Inputs, importOnnx, softmaxCrossEntropy, tensor } from "../src/index.ts";
import { readTensor } from "../src/onnx/schema.ts";
import { MessageWriter } from "../src/onnx/wire.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());
const fixture = (name: string) => readFileSync(new URL(`fixtures/narrow/${name}`, import.meta.url));
const stored = JSON.parse(fixture("half.json").toString());
const close = (wanted: readonly number[], tolerance: number) =>
  wanted.map((value) => expect.closeTo(value, -Math.log10(2 * tolerance)));

// A float16 has 11 bits, a bfloat16 8; sums of 64 products of numbers near 1 lose about four of their last steps.
test.each([
  ["float16", 4e-3],
  ["bfloat16", 4e-2],
])(
  "a classifier of %s is computed in float32, and differs from onnx's evaluator by its rounding",
  async (name, off) => {
    const model = importOnnx(fixture(`${name}.onnx`), { name });
    expect(model.inputs[0]!.dtype).toBe("float32");
    expect(model.initializers.get("W")!.dtype).toBe("float32");
    const f = compile(runtime, ({ x }: Inputs<"x">) => {
      const { logits } = model.apply({ x });
      return { logits: logits!, dx: gradient(softmaxCrossEntropy(logits!, labels(x, [0, 1])), [x])[0]! };
    });
    const { logits, dx } = await f.run({ x: tensor("float32", [2, 3, 8, 8], stored[name].x) });
    expect([...(logits.data as Float32Array)]).toEqual(close(stored[name].logits, off));
    expect(logits.dtype).toBe("float32");
    expect(dx.data.some((v) => v !== 0)).toBe(true);
    await f.release();
  },
);

test("the same float16 file runs as it is, with float32 on both sides of the session", async () => {
  const session = await runtime.load(fixture("float16.onnx"));
  const { logits } = await session.run({ x: tensor("float32", [2, 3, 8, 8], stored.float16.x) });
  expect(logits!.dtype).toBe("float32");
  expect([...(logits!.data as Float32Array)]).toEqual(close(stored.float16.logits, 4e-3));
  await expect(session.run({ x: tensor("float64", [2, 3, 8, 8], stored.float16.x) })).rejects.toThrow(
    'run: input "x" is float64 [2, 3, 8, 8]; the model expects float32 [N, 3, 8, 8]',
  );
  await session.release();
});

test("a quantised network that PyTorch exported has PyTorch's logits, and its straight-through gradient", async () => {
  const { x, logits, dx, labels: classes } = JSON.parse(fixture("quantized.json").toString());
  const model = importOnnx(fixture("quantized.onnx"));
  const f = compile(runtime, ({ x }: Inputs<"x">) => {
    const { logits } = model.apply({ x });
    return { logits: logits!, dx: gradient(softmaxCrossEntropy(logits!, labels(x, classes)), [x])[0]! };
  });
  const got = await f.run({ x: tensor("float32", [2, 3, 8, 8], x) });
  // Rounding to a step of 0.01 may go the other way for one of 128 numbers: it moves a logit by less than 1e-3.
  expect([...(got.logits.data as Float32Array)]).toEqual(close(logits, 1e-3));
  expect([...(got.dx.data as Float32Array)]).toEqual(close(dx, 1e-4));
  expect(dx.filter((v: number) => v === 0).length).toBeGreaterThan(0);
  await f.release();
});

const labels = (x: Parameters<typeof gradient>[0], classes: readonly number[]) =>
  x.graph.constant(tensor("int64", [classes.length], classes));

test("a matrix product of integers after dynamic quantisation passes gradients, as x·w has them", async () => {
  const model = importOnnx(dynamicProduct());
  const f = compile(runtime, ({ x }: Inputs<"x">) => {
    const { y } = model.apply({ x });
    return { y: y!, dx: gradient(y!, [x], { dy: x.graph.constant(tensor("float32", [1, 2], [1, 1])) })[0]! };
  });
  const { y, dx } = await f.run({ x: tensor("float32", [1, 3], [0.5, -1, 1]) });
  // x is held to 1/255 of its range of 2, w = [[1, 2], [3, 4], [5, 6]] exactly.
  expect([...(y.data as Float32Array)]).toEqual(close([2.5, 3], 0.05));
  expect([...(dx.data as Float32Array)]).toEqual(close([3, 7, 11], 0.2));
  await f.release();
});

/** y = scale·(quantised x)·w, as ONNX Runtime's dynamic quantisation writes it. */
function dynamicProduct(): Uint8Array {
  const node = (op: string, inputs: string[], outputs: string[], to = 0) => {
    const out = new MessageWriter();
    for (const input of inputs) out.string(1, input);
    for (const output of outputs) out.string(2, output);
    out.string(4, op);
    if (to) out.message(5, new MessageWriter().string(1, "to").int(3, to).int(20, 2));
    return out;
  };
  const w = new MessageWriter()
    .ints(1, [3, 2])
    .int(2, 3)
    .string(8, "w")
    .bytes(9, Uint8Array.of(1, 2, 3, 4, 5, 6));
  const info = (name: string, ...dims: number[]) => {
    const shape = new MessageWriter();
    for (const dim of dims) shape.message(1, new MessageWriter().int(1, dim));
    const type = new MessageWriter().message(1, new MessageWriter().int(1, 1).message(2, shape));
    return new MessageWriter().string(1, name).message(2, type);
  };
  const graph = new MessageWriter()
    .message(1, node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]))
    .message(1, node("MatMulInteger", ["q", "w", "zero"], ["whole"]))
    .message(1, node("Cast", ["whole"], ["float"], 1))
    .message(1, node("Mul", ["float", "scale"], ["y"]))
    .message(5, w)
    .message(11, info("x", 1, 3))
    .message(12, info("y", 1, 2));
  return new MessageWriter()
    .int(1, 8)
    .message(7, graph)
    .message(8, new MessageWriter().string(1, "").int(2, 17))
    .finish();
}

test.each([
  ["uint16", 4, [65535, 1], "int32"],
  ["int16", 5, [-2, 300], "int32"],
  ["uint32", 12, [4294967295, 7], "int64"],
  ["uint64", 13, [2 ** 40, 7], "int64"],
])("%s is read into a wider type, from bytes and from a typed field", (_, code, values, dtype) => {
  const bytes = code === 12 ? 4 : code === 13 ? 8 : 2;
  const raw = new Uint8Array(bytes * 2);
  const view = new DataView(raw.buffer);
  for (const [i, value] of values.entries()) {
    if (bytes === 2) view.setUint16(2 * i, value, true);
    else if (bytes === 4) view.setUint32(4 * i, value, true);
    else view.setBigUint64(8 * i, BigInt(value), true);
  }
  const header = () => new MessageWriter().ints(1, [2]).int(2, code);
  for (const proto of [header().bytes(9, raw), header().ints(code >= 12 ? 11 : 5, values)]) {
    const [, read] = readTensor(proto.finish());
    expect(read.dtype).toBe(dtype);
    expect(Array.from(read.data as Int32Array, Number)).toEqual(values);
  }
});

test("a uint64 that int64 does not hold, and bytes that do not fit a narrow type, are refused", () => {
  const large = new MessageWriter().ints(1, [1]).int(2, 13).bytes(9, new Uint8Array(8).fill(255)).finish();
  expect(() => readTensor(large)).toThrow(
    "uint64 18446744073709551615 is too large: such numbers are computed as int64",
  );
  const short = new MessageWriter().ints(1, [3]).int(2, 10).string(8, "w").bytes(9, new Uint8Array(4)).finish();
  expect(() => readTensor(short)).toThrow('tensor "w" has 4 bytes for float16 [3], which needs 3 × 2 bytes');
});
