// The authors' preparation of texts, and an order that the seed decides.
import { expect, test } from "vitest";
import { normalised, normalisedQuestion, shuffledOrder } from "../src/experiments/preparation.ts";

test("a row as classification-results.sh writes it", () => {
  const row = '"3","Wall St. Bears (Reuters)","It\'s ""back"";<br />so: what?  More!"';
  expect(normalised(row)).toBe("3 , wall st . bears ( reuters ) , it ' s back so what ? more !");
});

test("bytes of other letters stay as they are", () => {
  // The last byte of à is that of a no-break space in latin1.
  const bytes = Buffer.from("\tÀÉ Straße, ÜBER  à la \u00a0 mode à").toString("latin1");
  expect(Buffer.from(normalised(bytes), "latin1").toString()).toBe("ÀÉ straße , Über à la \u00a0 mode à");
});

test("a question as the tutorial writes it", () => {
  expect(normalisedQuestion("__label__baking What's 1/2 cup (of Flour)?")).toBe(
    "__label__baking what ' s 1 / 2 cup  ( of flour )  ? ",
  );
});

test("an order has every line once; seeds have orders of their own, the same each time", () => {
  const order = shuffledOrder(1000, 7);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(shuffledOrder(1000, 7)).toEqual(order);
  expect(shuffledOrder(1000, 8)).not.toEqual(order);
  expect(order.slice(0, 500).filter((line) => line < 500).length).toBeGreaterThan(200);
});
