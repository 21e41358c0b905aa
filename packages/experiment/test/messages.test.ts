// What the library says of misuse, where no other test has it.
import { expect, test } from "vitest";
import { parseOption } from "../src/index.ts";

test.each([
  [{ kind: "text" }, " ", "It is empty."],
  [{ kind: "list", of: "text" }, "a,,b", "Expected names separated by commas."],
  [{ kind: "list", of: "number", count: 2 }, "1", "Expected 2 numbers separated by commas."],
  [{ kind: "list", of: "text", count: 2 }, "a", "Expected 2 names separated by commas."],
  [{ kind: "choice", choices: ["a", "b"] }, "c", "Allowed choices are a, b."],
] as const)("%j refuses %j: %s", (option, text, message) => {
  expect(() => parseOption({ help: "", ...option } as Parameters<typeof parseOption>[0], text)).toThrow(
    new RangeError(message),
  );
});
