import { bytesText, csvOf, durationText, percentText } from "@reprise/data";
import { describe, expect, it } from "vitest";

describe("percentText", () => {
  it.each([
    [0, "0.0 %"],
    [1, "100.0 %"],
    [0.9876, "98.8 %"],
    [0.99951, "> 99.9 %"],
    [0.9995, "> 99.9 %"],
    [0.9994, "99.9 %"],
    [0.0004, "< 0.1 %"],
    [0.0006, "0.1 %"],
    [1.5, "150.0 %"],
    [Number.NaN, "–"],
  ])("%d is %s", (share, text) => expect(percentText(share)).toBe(text));

  it("rounds to as many digits as asked for", () => {
    expect(percentText(0.98765, { digits: 2 })).toBe("98.77 %");
    expect(percentText(0.00001, { digits: 2 })).toBe("< 0.01 %");
    expect(percentText(0.5, { digits: 0 })).toBe("50 %");
    expect(percentText(0.999, { digits: 0 })).toBe("> 99 %");
  });
});

describe("durationText", () => {
  it.each([
    [0, "0 ms"],
    [0.0316, "32 ms"],
    [0.9996, "1.0 s"],
    [59.94, "59.9 s"],
    [59.96, "1 min"],
    [90.4, "1 min 30 s"],
    [3599.6, "1 h"],
    [7500, "2 h 5 min"],
    [Number.NaN, "?"],
    [Infinity, "?"],
  ])("%d seconds are %s", (seconds, text) => expect(durationText(seconds)).toBe(text));
});

describe("bytesText", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [12_345_678, "12.3 MB"],
    [999_950_000, "1.0 GB"],
    [4_200_000_000, "4.2 GB"],
  ])("%d are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));
});

describe("csvOf", () => {
  it("quotes what must be quoted (RFC 4180) and leaves null empty", () => {
    const rows = [
      { a: 1, b: 'he said "no"' },
      { a: null, b: "x,y\nz" },
    ];
    expect(csvOf(rows)).toBe('a,b\n1,"he said ""no"""\n,"x,y\nz"\n');
  });
});
