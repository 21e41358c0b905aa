// Five steps of each optimizer against torch.optim (fixtures: tools/reference/optim_torch.py).
import { readFileSync } from "node:fs";
import { adam, compile, type Optimizer, sgd, tensor, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, it } from "vitest";

const stored = JSON.parse(readFileSync(new URL("fixtures/optim.json", import.meta.url), "utf8"));
const optimizers: Record<string, Optimizer> = {
  SGD: sgd(),
  "SGD, weight decay": sgd({ weightDecay: 0.1 }),
  "SGD, momentum": sgd({ momentum: 0.9 }),
  "SGD, momentum and weight decay": sgd({ momentum: 0.9, weightDecay: 0.1 }),
  "SGD, Nesterov's momentum": sgd({ momentum: 0.8, weightDecay: 0.01, nesterov: true }),
  Adam: adam(),
  "Adam, own constants": adam({ beta1: 0.7, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 }),
};

it("has a case for every stored path", () => {
  expect(["start", "rates", "gradients", ...Object.keys(optimizers)]).toEqual(Object.keys(stored));
});

for (const [runtime, float, tolerance] of [
  [nodeRuntime({ threads: 1 }), "float32", 1e-6],
  [nodeRuntime({ target: "reference", threads: 1 }), "float64", 1e-9], // stored with ten digits
] as const) {
  it.each(Object.keys(optimizers))(`%s in ${float} takes torch.optim's steps`, async (name) => {
    const optimizer = optimizers[name]!;
    const names = ["p", ...Array.from({ length: optimizer.slots }, (_, i) => `slot${i}`)];
    const step = compile(runtime, ({ p, g, learningRate, step, ...slots }: Record<string, Value>) => {
      const next = optimizer.update({
        p: p!,
        g: g!,
        learningRate: learningRate!,
        step: step!,
        slots: Object.values(slots),
      });
      return Object.fromEntries([next.p, ...next.slots].map((value, i) => [`${names[i]}′`, value]));
    });
    let state = names.map((key) => tensor(float, [4], key === "p" ? stored.start : [0, 0, 0, 0]));
    for (const [t, expected] of stored[name].entries()) {
      const given = {
        g: tensor(float, [4], stored.gradients[t]),
        learningRate: tensor(float, [], [stored.rates[t]]),
        step: tensor(float, [], [t + 1]),
      };
      const feeds = Object.fromEntries(names.map((key, i) => [key, state[i]!]));
      const next = await step.run({ ...feeds, ...given });
      state = names.map((key) => next[`${key}′`] as (typeof state)[0]);
      for (const [i, value] of expected.entries()) {
        expect(Math.abs(Number(state[0]!.data[i]) - value), `step ${t + 1}, element ${i}`).toBeLessThan(tolerance);
      }
    }
    await step.release();
  });
}
