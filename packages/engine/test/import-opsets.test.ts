// One network as PyTorch exports it at opsets 9 to 17: the spellings differ, the numbers do not (tools/reference/onnx_opsets.py).
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { compile, gradient, type Inputs, importOnnx, ModelError, tensor, trace } from "../src/index.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/opsets/${name}`, import.meta.url));
const expected: Record<"x" | "y" | "dy" | "dx", number[]> = JSON.parse(fixture("expected.json").toString());
const runtime = nodeRuntime({ threads: 1 });
const close = (numbers: readonly number[]) => numbers.map((v) => expect.closeTo(v, 5)); // float32 against float64

test.each([9, 10, 11, 12, 13, 14, 15, 16, 17])("opset %i gives PyTorch's output and input gradient", async (opset) => {
  const model = importOnnx(fixture(`${opset}.onnx`), { name: `${opset}.onnx` });
  expect(model.opset).toBe(opset);
  const f = compile(runtime, ({ x, dy }: Inputs<"x" | "dy">) => {
    const y = model.apply({ x }).y!;
    return { y, dx: gradient(y, [x], { dy })[0]! };
  });
  const { y, dx } = await f.run({
    x: tensor("float32", [2, 3, 8, 8], expected.x),
    dy: tensor("float32", [2, 5], expected.dy),
  });
  expect([...(y.data as Float32Array)]).toEqual(close(expected.y));
  expect([...(dx.data as Float32Array)]).toEqual(close(expected.dx));
  await f.release();
});

test("damaged files are models, or are refused by name; nothing else is thrown", () => {
  let state = 1;
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const whole = [9, 11, 17].map((opset) => fixture(`${opset}.onnx`));
  const expectOurs = (error: unknown) => {
    expect(error).toBeInstanceOf(ModelError);
    expect((error as Error).message).toMatch(/^m\.onnx: /);
  };
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const bytes = Uint8Array.from(whole[random(3)]!);
    for (let i = random(3); i >= 0; i--) bytes[random(bytes.length)] = [random(256), 0, 1, 127, 255][random(5)]!;
    try {
      const model = importOnnx(bytes, { name: "m.onnx" });
      trace(({ x }: Inputs<"x">) => model.apply({ x }), { x: { dtype: "float32", shape: [2, 3, 8, 8] } });
    } catch (error) {
      expectOurs(error);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(150);
});
