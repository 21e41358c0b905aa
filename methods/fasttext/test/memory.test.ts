// Memory that is touched before it is handed out.
import { expect, test } from "vitest";
import { Memory } from "../src/kernel/memory.ts";

test("memory touched ahead is handed out as it was, and is not touched twice", () => {
  const memory = new Memory(1 << 20);
  const first = memory.int32(1000).fill(7);
  expect(memory.touchNext(1 << 18)).toBe(1 << 18);
  const second = memory.int32(50_000);
  expect(first.every((x) => x === 7)).toBe(true);
  expect(second.every((x) => x === 0)).toBe(true);
  second.fill(8);
  const { used } = memory;
  // Another thread's view of it goes on where this one stopped, up to the end, and changes nothing.
  const other = new Memory(memory.wasm);
  const touched = other.touchNext(1 << 17);
  expect(touched).toBeGreaterThan(0);
  expect(memory.used).toBe(used);
  expect(second.every((x) => x === 8)).toBe(true);
  const third = memory.int32(40_000).fill(9); // partly before it is touched
  while (memory.touchNext(1 << 16) > 0);
  expect(third.every((x) => x === 9)).toBe(true);
  expect(memory.wasm.buffer.byteLength).toBe(1 << 20);
  expect(memory.touchNext(1)).toBe(0);
});
