// What is said and coloured beside a reproduced value.
import { expect, test } from "vitest";
import { agreementOf } from "../src/server/agreement.ts";

test.each([
  // The claim within the interval, or within what its digits stand for.
  ["7.4%", "7.37%", "6.87 to 7.90% (10000 images)", "agrees", "the claim lies within it"],
  ["1.64%", "1.74%", "1.50 to 2.02% (10000 images)", "agrees", "the claim lies within it"],
  ["20%", "20.6%", "20.4 to 20.9%", "agrees", "the claim lies within it"], // 20 is 19.5 to 20.5
  ["0.065", "0.0645", "0.0640 to 0.0649", "agrees", "the claim lies within it"],
  ["0.052", "0.052", null, "agrees", "as claimed"],
  // Outside it, by how much and on which side.
  ["22%", "59.50%", "56.43 to 62.50% (1000 images)", "differs", "37.50 points above the claim"],
  ["23.4%", "20.60%", "18.21 to 23.22% (1000 images)", "differs", "2.80 points below the claim"],
  ["0.058", "0.0661", "0.0645 to 0.0676 (1000 images)", "differs", "0.0081 above the claim"],
  ["1,000", "12,345", "12,000 to 12,700", "differs", "11345 above the claim"],
  // Bounds.
  ["below 1.2%", "2.35%", "2.23 to 2.47% (50000 images)", "differs", "not as claimed: 1.15 points above it"],
  ["below 1.2%", "1.25%", "1.15 to 1.35%", "agrees", "as claimed"],
  ["above 90%", "95%", "93 to 97%", "agrees", "as claimed"],
  ["above 90%", "80%", "78 to 82%", "differs", "not as claimed: 10 points below it"],
])("claimed %s, reproduced %s, interval %s: %s", (claimed, value, interval, kind, words) => {
  expect(agreementOf({ claimed, value, interval })).toEqual({ kind, words });
});

test("what the method tolerates is near; what is no number is not judged", () => {
  const given = { claimed: "0.062", value: "0.0540", interval: "0.0521 to 0.0559" };
  expect(agreementOf({ ...given, tolerance: 0.01 })).toEqual({
    kind: "near",
    words: "0.0080 below the claim, within the tolerance of 0.0100",
  });
  expect(agreementOf({ ...given, tolerance: 0.005 })?.kind).toBe("differs");
  expect(agreementOf({ ...given, claimed: "no number" })).toBeNull();
  expect(agreementOf({ ...given, value: "diverged" })).toBeNull();
});
