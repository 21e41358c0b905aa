// The tab "Attack an image" of the panel "adversarial examples", without a browser.
import { readFileSync } from "node:fs";
import { attackFacts } from "@reprise/adversarial/attacks";
import { nodeRuntime } from "@reprise/engine/node";
import { beforeAll, describe, expect, test } from "vitest";
import { type AttackContext, type AttackResult, attackImage } from "../src/run/adversarial/attack.ts";
import { type Digit, digitOf, digitsUrl, readDigits } from "../src/run/adversarial/digits.ts";
import {
  type AttackInputs,
  attackApplies,
  defaultInputs,
  networks,
  type TargetChoice,
} from "../src/run/adversarial/inputs.ts";
import type { AttackSoFar } from "../src/run/adversarial/outcome.ts";
import type { Progress } from "../src/run/protocol.ts";
import { resultFigure } from "../src/web/panels/adversarial/figure.ts";
import { attackSentence } from "../src/web/panels/adversarial/wording.ts";
import { quickModels } from "./quick-models.ts";

let digits: ReadonlyMap<string, Digit>;
beforeAll(async () => {
  digits = await readDigits(new Uint8Array(readFileSync(digitsUrl)));
});

describe("the run", () => {
  let context: AttackContext;
  const seen: Progress<AttackSoFar>[] = [];
  beforeAll(async () => {
    const { models, files } = await quickModels();
    context = {
      runtime: nodeRuntime({ threads: 1 }),
      models,
      loadModel: async (file) => files.get(file)!,
      signal: new AbortController().signal,
      progress: (progress) => seen.push(progress),
      breathe: async () => {},
    };
  });

  test("reaches another digit, says so, asks every network, and repeats itself exactly", async () => {
    seen.length = 0;
    const digit = digitOf("t9", digits);
    const result = await attackImage(digit, defaultInputs, context);
    const { attack, verdicts, original } = result;
    expect(attack.status).toBe("success");
    expect(attack.predictedAfter).not.toBe(attack.predictedBefore);
    expect(attack.image.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(verdicts.map((verdict) => verdict.network)).toEqual(networks.map(({ name }) => name));
    expect(verdicts[0]!.adversarial.label).toBe(attack.predictedAfter);
    // As many marks for the reported label as its search has steps; its c is the largest that reached.
    const own = result.points.filter((point) => point.target === attack.target);
    expect(own.length).toBeGreaterThan(5);
    expect(attack.penalty!.c).toBe(Math.max(...own.filter((point) => point.reached).map((point) => point.c)));
    // Live images are real: the best so far comes nearer and nearer.
    const partial = seen.flatMap(({ partial }) => (partial?.best ? [partial] : []));
    const distances = partial.map(({ best }) => Math.hypot(...best!.map((value, i) => value - original[i]!)));
    expect(distances.length).toBeGreaterThan(5);
    for (let i = 1; i < distances.length; i++) expect(distances[i]).toBeLessThanOrEqual(distances[i - 1]! + 1e-6);
    expect(seen.every(({ done, total }) => done <= total!)).toBe(true);

    expect(attackSentence(result, defaultInputs)).toMatch(
      /^FC100-100-10 takes this 7 for a \d, after a distortion of 0\.\d+ per pixel\. It fools \w+ of the 4 other networks\.$/,
    );
    const svg = await resultFigure(result, () => "data:image/png;base64,AAAA");
    expect(svg.match(/<image /g)).toHaveLength(3);
    expect(svg).toContain(`x′, read as a ${attack.predictedAfter}`);

    const again = await attackImage(digit, defaultInputs, context);
    expect([...again.attack.image]).toEqual([...attack.image]);
    expect(again.verdicts).toEqual(verdicts);
  });

  // What a control does at this distance is chance; every other attack must get there, in its ball.
  test.each(attackFacts.filter(({ label }) => !label.includes("control")))(
    "$name reaches another digit",
    async (choice) => {
      const inputs = {
        ...defaultInputs,
        attack: choice.name,
        ball: choice.norms[0] === "linf" ? "linf" : "l2",
      } as const;
      const steps = choice.name === "cw" ? 300 : choice.name === "hopskipjump" ? 5 : 0; // enough for this, in a part of the time
      const given = { ...inputs, epsilon: 0.25, radius: 3, steps };
      const result = await attackImage(digitOf("t9", digits), given, context);
      const { attack, verdicts } = result;
      expect(attack.status).toBe("success");
      expect(verdicts[0]!.adversarial.label).toBe(attack.predictedAfter);
      if (choice.kind === "budget") expect(attack.lInfinity).toBeLessThanOrEqual(0.25);
      expect(attack.gradients > 0).toBe(choice.needs === "gradients");
      expect(attackSentence(result, given)).toMatch(/^FC100-100-10 takes this 7 for a \d/);
    },
  );

  describe("κ and k", () => {
    const run = (given: Partial<AttackInputs>) => {
      const inputs = { ...defaultInputs, attack: "deepfool", ...given } as const;
      return attackImage(digitOf("t9", digits), inputs, context).then((result) => ({ result, inputs }));
    };

    test("a lead of κ logits is reached, further away, and survives 8 bits", async () => {
      const near = await run({ confidence: 0 });
      const far = await run({ confidence: 0.5 });
      const { lead, distortion, probabilitiesAfter } = far.result.attack;
      expect(far.result.attack.status).toBe("success");
      expect(lead).toBeGreaterThanOrEqual(0.5);
      const [old, now] = [7, far.result.attack.predictedAfter].map((label) => probabilitiesAfter[label]!);
      expect(Math.log(now! / old!)).toBeCloseTo(lead!, 3); // softmax keeps differences of logits
      expect(distortion).toBeGreaterThan(near.result.attack.distortion);
      expect(far.result.verdicts[0]!.rounded.label).toBe(far.result.attack.predictedAfter);
      expect(attackSentence(far.result, far.inputs)).toMatch(
        /^FC100-100-10 takes this 7 for a \d, with a lead of 0\.5 logits, after a distortion of 0\.\d+ per pixel\./,
      );
      expect(near.result.attack.lead).toBeLessThan(0.5);
    });

    test("k = 3: three labels come before the old one; a target comes among the three likeliest", async () => {
      const rank = (p: Float64Array, label: number) => [...p].filter((value) => value > p[label]!).length;
      const away = await run({ topK: 3 });
      expect(rank(away.result.attack.probabilitiesAfter, 7)).toBeGreaterThanOrEqual(3);
      expect(attackSentence(away.result, away.inputs)).toMatch(
        /^FC100-100-10 finds 3 labels likelier for this 7, first of all an? \d, after a distortion/,
      );
      const least = await run({ topK: 3, target: "least" });
      const { target, probabilitiesAfter, probabilitiesBefore } = least.result.attack;
      expect(rank(probabilitiesBefore, target!)).toBe(9);
      expect(rank(probabilitiesAfter, target!)).toBeLessThan(3);
      expect(attackSentence(least.result, least.inputs)).toMatch(
        /^FC100-100-10 has an? \d among its 3 likeliest labels for this 7, after a distortion/,
      );
      const whole = await run({ topK: 1, target: "least" });
      expect(least.result.attack.distortion).toBeLessThan(whole.result.attack.distortion);
    });

    test("what is there already, and what was not reached, are said with κ and k", async () => {
      const order = (await run({})).result.attack.probabilitiesBefore;
      const second = [...order.keys()].sort((a, b) => order[b]! - order[a]!)[1]!;
      const there = await run({ topK: 2, target: String(second) as TargetChoice });
      expect(attackSentence(there.result, there.inputs)).toBe(
        `FC100-100-10 already has ${second === 8 ? "an" : "a"} ${second} among the 2 likeliest labels of the original: nothing to do. Choose another target.`,
      );
      const missed = await run({ attack: "fgsm", epsilon: 0.001, confidence: 1.5, topK: 4 });
      expect(missed.result.attack.lead).toBeLessThan(0);
      expect(attackSentence(missed.result, missed.inputs)).toBe(
        "FGSM did not reach 4 other labels, with a lead of 1.5 logits: the image is the best one found. A larger ε may do.",
      );
    });

    test("they are asked of every attack but the paper's", () => {
      for (const name of ["confidence", "topK"] as const) {
        expect(attackApplies(name, defaultInputs)).toBe(false);
        expect(attackApplies(name, { ...defaultInputs, attack: "cw" })).toBe(true);
      }
    });
  });

  test("an attack that stays too near says that it reached nothing", async () => {
    const given = { ...defaultInputs, attack: "uniform", epsilon: 0.001 } as const;
    const result = await attackImage(digitOf("t9", digits), given, context);
    expect(attackSentence(result, given)).toBe(
      "Uniform noise did not reach another label: the image is the best one found. A larger ε may do.",
    );
  });

  test("r is enlarged for what is shown and asked, within the box; what the attack found stays", async () => {
    const digit = digitOf("t9", digits);
    const plain = await attackImage(digit, defaultInputs, context);
    const large = await attackImage(digit, { ...defaultInputs, enlarge: 6 }, context);
    expect(plain.best).toEqual(plain.attack.image);
    expect(large.attack).toEqual(plain.attack);
    for (const [i, value] of large.best.entries()) {
      const x = large.original[i]!;
      expect(value).toBeCloseTo(Math.min(1, Math.max(0, x + 6 * (plain.best[i]! - x))), 5);
    }
    expect(large.distance.distortion).toBeGreaterThan(3 * plain.distance.distortion);
    const fooled = ({ verdicts }: AttackResult) => verdicts.filter((v) => v.adversarial.label !== v.clean.label).length;
    expect(fooled(large)).toBeGreaterThan(fooled(plain));
    expect(attackSentence(large, { ...defaultInputs, enlarge: 6 })).toContain("With r enlarged 6 times, it fools");
  });

  test("a target that the digit has already is said to be there", async () => {
    const first = await attackImage(digitOf("t9", digits), { ...defaultInputs, target: "7" }, context);
    expect(first.attack.status).toBe("alreadyAdversarial");
    expect(attackSentence(first, { ...defaultInputs, target: "7" })).toBe(
      "FC100-100-10 already calls the original a 7: nothing to do. Choose another target.",
    );
  });

  test("a cancelled run ends with the signal's reason", async () => {
    const controller = new AbortController();
    const run = attackImage(digitOf("t9", digits), defaultInputs, {
      ...context,
      signal: controller.signal,
      progress: ({ partial }) => partial && controller.abort(new Error("cancelled")),
    });
    await expect(run).rejects.toThrow("cancelled");
  });

  test("a network that is not shipped is named", async () => {
    await expect(attackImage(digitOf("t9", digits), defaultInputs, { ...context, models: [] })).rejects.toThrow(
      "the network fc100-100-10 is not among the shipped ones",
    );
  });
});
