import { expect, test } from "vitest";
import { dated, inOneLine, requestLine } from "../src/server/log.ts";

test("a line begins with the time", () => {
  const lines: string[] = [];
  dated((line) => lines.push(line))("started");
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z started$/);
});

test("a request is one line, whatever its error says; with its stack only if that is asked for", () => {
  const error = Object.assign(new Error("first\nsecond\r\n  third\u001b[31m"), { code: "53100" });
  const asked = { status: 500, milliseconds: 12.4, method: "GET", address: "/paper?bibtexKey=a", error };
  expect(requestLine(asked)).toBe("500 12 ms GET /paper?bibtexKey=a: Error: first second third[31m (53100)");
  expect(requestLine(asked, true)).toContain("\n    at ");
  expect(requestLine({ ...asked, error: undefined, from: "192.0.2.1" })).toBe(
    "500 12 ms 192.0.2.1 GET /paper?bibtexKey=a",
  );
  expect(requestLine({ ...asked, error: undefined, address: `/${"a".repeat(5000)}` }).length).toBeLessThan(350);
});

test("what is no Error is told, too", () => {
  expect(inOneLine("plain\ntext")).toBe("plain text");
  expect(inOneLine(new TypeError("x".repeat(5000))).length).toBe(1000);
});
