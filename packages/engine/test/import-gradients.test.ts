// What imports become, differentiated: ONNX's own cases against central differences in float64.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  exportOnnx,
  Graph,
  gradient,
  importOnnx,
  lower,
  mul,
  operators,
  reduceSum,
  reference,
  type Tensor,
  tensor,
  type Value,
} from "../src/index.ts";
import { readTensor } from "../src/onnx/schema.ts";
import { type Case, unpackCases } from "./onnx-cases.ts";

const runtime = nodeRuntime({ target: "reference", threads: 1 });
const cases: Record<string, Case> = Object.assign(
  {},
  ...["onnx-cases.gz", "onnx-cases-18.gz"].map((name) =>
    unpackCases(readFileSync(new URL(`fixtures/${name}`, import.meta.url))),
  ),
);

/** Forms that the import writes out in several operators; none sits at a kink. */
const names = Object.keys(cases).filter(
  (name) =>
    /^test_(gridsample|lppool|affine_grid|l[12]normalization|rms_norm|maxunpool|convtranspose|center_crop|matmul_)/.test(
      name,
    ) ||
    /^test_(averagepool_.*dilations|batchnorm_.*training|resize.*(antialias|symmetric|not_larger|axes_2_3)|wrap_pad)/.test(
      name,
    ),
);

const wave = (length: number, phase: number) =>
  Float64Array.from({ length }, (_, i) => Math.sin(1 + phase + 2.7 * i + i * i));

test("the selection is not empty", () => expect(names.length).toBeGreaterThan(60));

test.each(names)("%s", async (name) => {
  const files = cases[name]!;
  const model = importOnnx(files["model.onnx"]!, { name });
  const graph = new Graph(operators);
  const feeds: Record<string, Tensor> = {};
  const moved: Value[] = [];
  const given = Object.fromEntries(
    model.inputs.map((input, i) => {
      const [, data] = readTensor(files[`test_data_set_0/input_${i}.pb`]!);
      if (data.dtype !== "float32" || data.shape.length === 0 || /^(scales|roi)$/.test(input.name))
        return [input.name, graph.constant(data)];
      // Away from ties and from places between two pixels.
      const values = Float64Array.from(data.data as Float32Array, (v, k) => v + 0.0137 * Math.sin(k + 1));
      feeds[input.name] = tensor("float64", data.shape, values);
      const value = graph.input(input.name, "float32", data.shape);
      moved.push(value);
      return [input.name, value];
    }),
  );
  const y = Object.values(model.apply(given))[0]!;
  const weights = graph.constant(
    tensor(
      "float32",
      y.shape,
      Array.from(
        wave(
          y.shape.reduce((a, b) => a * b, 1),
          0,
        ),
      ),
    ),
  );
  const L = reduceSum(mul(y, weights));
  graph.output("L", L);
  for (const [i, dx] of gradient(L, moved).entries()) graph.output(`d${i}`, dx);
  const session = await runtime.load(exportOnnx(lower(graph, reference)));
  const exact = await session.run(pick(feeds, session.inputs));
  const h = 1e-6;
  for (const [i, { name: key }] of moved.entries()) {
    const x = feeds[key!]!;
    const u = wave(x.data.length, i);
    const at = async (step: number) => {
      const data = (x.data as Float64Array).map((v, k) => v + step * u[k]!);
      const out = await session.run(pick({ ...feeds, [key!]: tensor("float64", x.shape, data) }, session.inputs), {
        fetch: ["L"],
      });
      return Number(out.L!.data[0]);
    };
    const difference = ((await at(h)) - (await at(-h))) / (2 * h);
    const slope = (exact[`d${i}`]!.data as Float64Array).reduce((sum, d, k) => sum + d * u[k]!, 0);
    // float64 with h = 1e-6: nine digits are lost to the difference of losses near 1, seven remain.
    expect(Math.abs(slope - difference) / (1 + Math.abs(difference)), key).toBeLessThan(1e-6);
  }
  await session.release();
});

const pick = (feeds: Record<string, Tensor>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, feeds[name]!]));
