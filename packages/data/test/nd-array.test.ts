import { decodeIdx } from "@reprise/data";
import { expect, it } from "vitest";

it("reads from a Buffer inside a larger one, as fs and zlib of Node give them, into memory of its own", async () => {
  const file = Buffer.from([9, 9, 9, 0, 0, 0x08, 1, 0, 0, 0, 3, 5, 6, 7]).subarray(3);
  const { data } = await decodeIdx(file, "labels");
  expect([...data]).toEqual([5, 6, 7]);
  file[8] = 99;
  expect(data[0]).toBe(5);
});
