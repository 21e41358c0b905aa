import { expect, test } from "vitest";
import type { RunEvent, RunRequest } from "../src/run/protocol.ts";
import { breathe, type RunContext, serveMethod, type WorkerPort } from "../src/run/serve-method.ts";
import type { Panel } from "../src/web/panel.ts";
import { defaults, problemOf, readHash, writeHash } from "../src/web/panel-state.ts";

/** A worker's port without a worker: what the method's side sends is collected. */
function serve(method: (parameters: number, context: RunContext<string>) => unknown) {
  const events: RunEvent[] = [];
  const port: WorkerPort = { postMessage: (event) => events.push(event), onmessage: null };
  serveMethod<number, unknown, string>(async (parameters, context) => method(parameters, context), port);
  const send = (data: RunRequest) => port.onmessage?.({ data } as MessageEvent<RunRequest>);
  const ended = async () => {
    while (events.every(({ type }) => type === "progress")) await breathe();
    return events;
  };
  return { events, send, ended };
}

test("a run answers with its id and the method's result", async () => {
  const { send, ended } = serve((x) => x * 2);
  send({ type: "run", id: 7, parameters: 21 });
  expect(await ended()).toEqual([{ type: "result", id: 7, result: 42 }]);
});

test("progress is paced, and its last word comes before the result", async () => {
  const { send, ended } = serve((x, { progress }) => {
    for (let done = 1; done <= 1000; done++) progress({ done, total: 1000, text: `${done}`, partial: `p${done}` });
    return x;
  });
  send({ type: "run", id: 1, parameters: 5 });
  const events = await ended();
  expect(events.length).toBeLessThan(20);
  expect(events.at(-2)).toMatchObject({ type: "progress", progress: { done: 1000, partial: "p1000" } });
  expect(events.at(-1)).toEqual({ type: "result", id: 1, result: 5 });
});

test("a method's error arrives as its message", async () => {
  const { send, ended } = serve(() => {
    throw new Error("image is 3 × 3, 28 × 28 is needed");
  });
  send({ type: "run", id: 2, parameters: 0 });
  expect(await ended()).toEqual([{ type: "error", id: 2, message: "image is 3 × 3, 28 × 28 is needed" }]);
});

test.each([
  ["stops by the signal's error", true],
  ["goes on to a result", false],
])("a cancelled run that %s is cancelled, once", async (_, throws) => {
  const { send, ended, events } = serve(async (_parameters, { signal }) => {
    while (!signal.aborted) await breathe();
    if (throws) signal.throwIfAborted();
    return "too late";
  });
  send({ type: "run", id: 3, parameters: 0 });
  send({ type: "cancel", id: 99 }); // of nobody
  expect(events).toEqual([]);
  send({ type: "cancel", id: 3 });
  expect(await ended()).toEqual([{ type: "cancelled", id: 3 }]);
});

const parameters: Panel["parameters"] = {
  n: { kind: "number", label: "N", default: 5, min: 1, max: 10 },
  rate: { kind: "number", label: "Rate", default: 0.5, min: 0, max: 1, step: "any" },
  mode: {
    kind: "choice",
    label: "Mode",
    default: "a",
    options: [
      { value: "a", label: "A" },
      { value: "b&c", label: "B" },
    ],
  },
  drawing: {
    kind: "custom",
    label: "Drawing",
    default: "",
    check: (value) => (/^[01]*$/.test(value) ? null : "Only 0 and 1."),
    control: () => null,
  },
};

test("what is written into an address is read from it again", () => {
  const values = { n: 7, rate: 0.125, mode: "b&c", drawing: "0110" };
  const hash = writeHash(values, { parameters });
  expect(hash).toBe("#run&n=7&rate=0.125&mode=b%26c&drawing=0110");
  expect(readHash(hash, parameters)).toEqual(values);
});

test("an address of nobody's gives nothing; a bare or broken one gives the defaults", () => {
  expect(readHash("", parameters)).toBeNull();
  expect(readHash("#results", parameters)).toBeNull();
  expect(readHash("#run", parameters)).toEqual(defaults(parameters));
  expect(readHash("#run&n=11&rate=x&mode=zzz&drawing=2&__proto__=1", parameters)).toEqual(defaults(parameters));
  expect(readHash("#run&n=&n=3&mode=b%26c", parameters)).toEqual({ ...defaults(parameters), mode: "b&c" });
});

test.each([
  ["n", 5, null],
  ["n", 11, "11 is outside 1 to 10."],
  ["n", 2.5, "2.5 is not a whole number."],
  ["n", Number.NaN, "A number from 1 to 10 is needed."],
  ["rate", 0.33, null],
  ["rate", Number.POSITIVE_INFINITY, "A number from 0 to 1 is needed."],
  ["mode", "c", "There is no choice “c”."],
  ["drawing", "2", "Only 0 and 1."],
])("%s = %s: %s", (name, value, problem) => {
  expect(problemOf(parameters[name]!, value)).toBe(problem);
});
