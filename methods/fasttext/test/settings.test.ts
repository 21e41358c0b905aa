// Settings that are unknown, of another type, or of no possible value: what is told.
import { describe, expect, test } from "vitest";
import { completeSettings, type GivenSettings, train } from "../src/index.ts";

describe("refused, with what is possible", () => {
  test.each([
    [{ learningRate: 3 }, 'There is no setting "learningRate"; did you mean lr?'],
    [{ epochs: 3 }, 'There is no setting "epochs"; did you mean epoch?'],
    [{ dims: 5 }, 'There is no setting "dims"; did you mean dim?'],
    [{ wordngram: 2 }, 'There is no setting "wordngram"; did you mean wordNgrams?'],
    [{ temperature: 2 }, 'There is no setting "temperature"; expected some of lrUpdateRate, dim, ws, epoch,'],
    [{ toString: 1 }, 'There is no setting "toString"; expected some of'],
    [{ loss: "bogus" }, 'loss is the text "bogus"; expected softmax, hs, ns, ova or "one-vs-all", which is ova.'],
    [{ loss: 3 }, "loss is 3; expected softmax, hs, ns, ova"],
    [{ model: "classifier" }, 'model is the text "classifier"; expected supervised, skipgram, cbow.'],
    [{ dim: "10" }, 'dim is the text "10"; expected a whole number from 1 to 65536.'],
    [{ dim: 2.5 }, "dim is 2.5; expected a whole number from 1 to 65536."],
    [{ epoch: null }, "epoch is null; expected a whole number from 0 to 1000000."],
    [{ lr: "fast" }, 'lr is the text "fast"; expected a number ≥ 0, usually 0.05 to 1.'],
    [{ t: -1 }, "t is -1; expected a number > 0, usually 0.0001."],
    [{ compat: "yes" }, 'compat is the text "yes"; expected true or false.'],
    [{ deterministic: 1 }, "deterministic is 1; expected true or false."],
    [{ label: 5 }, 'label is 5; expected a text, for example "__label__".'],
    [{ label: "" }, "label is empty; expected the prefix that marks labels"],
  ])("%j", async (given, message) => {
    const settings = given as unknown as GivenSettings;
    expect(() => completeSettings(settings)).toThrow(message);
    await expect(train(["__label__a b", "__label__c d"], settings)).rejects.toThrow(RangeError);
  });
});

test("one-vs-all is ova, a setting that is undefined is not given", async () => {
  expect(completeSettings({ loss: "one-vs-all" }).loss).toBe("ova");
  expect(completeSettings({ dim: undefined } as unknown as GivenSettings).dim).toBe(100);
  const model = await train(["__label__a b", "__label__c d"], { loss: "one-vs-all", dim: 3 });
  expect(model.tables.loss).toBe("ova");
  const on = await train(["__label__a b", "__label__c d"], { loss: "one-vs-all" }, { from: model });
  expect(on.tables).toMatchObject({ loss: "ova", dim: 3 });
});
