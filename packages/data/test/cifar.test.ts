import { cifar10Classes, decodeCifar } from "@reprise/data";
import { describe, expect, it } from "vitest";

// Two records whose red, green and blue bytes tell plane and place, as the format's description gives them.
const record = (label: number[], base: number) => [
  ...label,
  ...Array.from({ length: 3072 }, (_, i) => (base + Math.floor(i / 1024) * 50 + (i % 32)) % 256),
];

describe("the binary form", () => {
  it("CIFAR-10: one label byte, then planes", () => {
    const { images, labels } = decodeCifar(Uint8Array.from([...record([9], 0), ...record([0], 7)]), "x.bin");
    expect(images.shape).toEqual([2, 3, 32, 32]);
    expect([...labels.data].map((label) => cifar10Classes[label])).toEqual(["truck", "airplane"]);
    const at = (n: number, c: number, y: number, x: number) => images.data[((n * 3 + c) * 32 + y) * 32 + x];
    expect([at(0, 0, 0, 0), at(0, 1, 5, 3), at(0, 2, 31, 31), at(1, 0, 0, 1)]).toEqual([0, 53, 131, 8]);
  });

  it("CIFAR-100: the second label byte is the fine one", () => {
    const { labels } = decodeCifar(Uint8Array.from(record([19, 99], 0)), "x.bin", { kind: "cifar100" });
    expect([...labels.data]).toEqual([99]);
  });

  it.each<[string, number[], string]>([
    ["empty", [], "x.bin: has 0 bytes; the binary form of cifar10 is records of 3073 bytes, at least one"],
    ["cut short", record([1], 0).slice(0, 3000), "x.bin: has 3000 bytes"],
    ["a label out of range", record([10], 0), "x.bin: label 0 is 10; expected 0 to 9. Is it cifar10?"],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeCifar(Uint8Array.from(bytes), "x.bin")).toThrow(message);
  });
});
