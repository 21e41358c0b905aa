import { ndArray, Random, randomFlip, randomShift } from "@reprise/data";
import { describe, expect, it } from "vitest";

const images = ndArray(
  "float32",
  [300, 2, 3, 4],
  Float32Array.from({ length: 300 * 24 }, (_, i) => 1 + (i % 24)),
);
const image = (of: { data: Float32Array }, n: number) => [...of.data.subarray(n * 24, (n + 1) * 24)];

/** One image [2, 3, 4] moved by whole pixels, zeros where nothing came: the definition, element by element. */
const moved = (down: number, right: number) =>
  Array.from({ length: 24 }, (_, i) => {
    const [c, y, x] = [Math.floor(i / 12), (Math.floor(i / 4) % 3) - down, (i % 4) - right];
    return y >= 0 && y < 3 && x >= 0 && x < 4 ? 1 + c * 12 + y * 4 + x : 0;
  });

describe("randomShift", () => {
  it.each([1, 2, 5])("every image is moved by at most %d pixels each way, and all the places come", (padding) => {
    const places = new Map<string, number>();
    for (let down = -padding; down <= padding; down++)
      for (let right = -padding; right <= padding; right++) places.set(moved(down, right).join(), 0);
    const out = randomShift(images, { padding, random: new Random(1) });
    for (let n = 0; n < 300; n++) {
      const found = image(out, n).join();
      expect(places.has(found)).toBe(true);
      places.set(found, places.get(found)! + 1);
    }
    if (padding === 1) for (const count of places.values()) expect(count).toBeGreaterThan(10); // 33 expected, 5 σ
  });

  it("padding 0 changes nothing; the same seed gives the same images; the input stays", () => {
    expect(randomShift(images, { padding: 0, random: new Random(1) })).toEqual(images);
    const twice = [2, 2].map((seed) => randomShift(images, { padding: 2, random: new Random(seed) }));
    expect(twice[0]).toEqual(twice[1]);
    expect(image(images, 0)).toEqual(moved(0, 0));
    expect(() => randomShift(images, { padding: -1, random: new Random(0) })).toThrow(
      "padding is -1; expected 0 or more",
    );
  });
});

describe("randomFlip", () => {
  const mirrored = Array.from({ length: 24 }, (_, i) => 1 + (i - (i % 4)) + (3 - (i % 4)));

  it("about half of the images are mirrored left to right, the others untouched", () => {
    const out = randomFlip(images, { random: new Random(3) });
    let flipped = 0;
    for (let n = 0; n < 300; n++) {
      expect([mirrored.join(), moved(0, 0).join()]).toContain(image(out, n).join());
      if (image(out, n)[0] === 4) flipped++;
    }
    expect(Math.abs(flipped - 150)).toBeLessThan(44); // 5 σ
  });

  it("always, never, and the shapes it takes", () => {
    expect(image(randomFlip(images, { probability: 1, random: new Random(0) }), 299)).toEqual(mirrored);
    expect(randomFlip(images, { probability: 0, random: new Random(0) })).toEqual(images);
    expect(() => randomFlip(ndArray("float32", [4], new Float32Array(4)), { random: new Random(0) })).toThrow(
      "images have the shape [4]; expected [N, C, H, W]",
    );
  });
});
