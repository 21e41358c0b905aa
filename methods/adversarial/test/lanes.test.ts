import { describe, expect, it } from "vitest";
import { inLanes } from "../src/reproduce/lanes.ts";

/** A promise and its ends. */
const open = () => Promise.withResolvers<void>();

describe("inLanes", () => {
  it("as many at once as there are lanes, the next where one is free; results in the order of the tasks", async () => {
    const gates = [open(), open(), open()];
    const begun: string[] = [];
    const task = (i: number) => async (lane: string) => {
      begun.push(`${lane}${i}`);
      await gates[i]!.promise;
      return 10 * i;
    };
    const all = inLanes(["a", "b"], [0, 1, 2].map(task));
    expect(begun).toEqual(["a0", "b1"]);
    gates[1]!.resolve();
    await gates[1]!.promise;
    await new Promise(setImmediate);
    expect(begun).toEqual(["a0", "b1", "b2"]);
    gates[2]!.resolve();
    gates[0]!.resolve();
    expect(await all).toEqual([0, 10, 20]);
    expect(await inLanes(["a"], [])).toEqual([]);
  });

  it("the first failure stops what runs, waits for its end, and is thrown; what has not begun does not begin", async () => {
    let ended = false;
    const until = async (_: string, signal: AbortSignal) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      await new Promise(setImmediate);
      ended = true;
      signal.throwIfAborted();
    };
    const fails = async () => {
      await new Promise(setImmediate);
      throw new Error("diverged");
    };
    const never = () => Promise.reject(new Error("was not to begin"));
    await expect(inLanes(["a", "b"], [until, fails, never])).rejects.toThrow("diverged");
    expect(ended).toBe(true);
  });

  it("a signal that is aborted stops it with its reason", async () => {
    const stop = new AbortController();
    const task = async (_: string, signal: AbortSignal) => {
      stop.abort(new Error("stopped here"));
      signal.throwIfAborted();
    };
    await expect(inLanes(["a"], [task], stop.signal)).rejects.toThrow("stopped here");
    await expect(inLanes(["a"], [task], AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });
});
