import { expect, test } from "vitest";
import type { RunEvent, RunRequest } from "../src/run/protocol.ts";
import { breathe, type RunContext, serveTasks, type WorkerPort } from "../src/run/serve-tasks.ts";
import { task } from "../src/web/panel.ts";
import { carriedOver, firstTask, readAddress, writeAddress } from "../src/web/panel-address.ts";
import { type Inputs, problemOf } from "../src/web/panel-inputs.ts";

/** A worker's port without a worker: what the method's side sends is collected. */
function serve(method: (message: number, context: RunContext<string>) => unknown) {
  const events: RunEvent[] = [];
  const port: WorkerPort = { postMessage: (event) => events.push(event), onmessage: null };
  serveTasks({ one: method }, port);
  const send = (data: RunRequest) => port.onmessage?.({ data } as MessageEvent<RunRequest>);
  const ended = async () => {
    while (events.every(({ type }) => type === "progress")) await breathe();
    return events;
  };
  return { events, send, ended };
}

test("a run answers with its id and the method's result", async () => {
  const { send, ended } = serve((x) => x * 2);
  send({ type: "run", id: 7, task: "one", message: 21 });
  expect(await ended()).toEqual([{ type: "result", id: 7, result: 42 }]);
});

test("progress is paced, and its last word comes before the result", async () => {
  const { send, ended } = serve((x, { progress }) => {
    for (let done = 1; done <= 1000; done++) progress({ done, total: 1000, text: `${done}`, partial: `p${done}` });
    return x;
  });
  send({ type: "run", id: 1, task: "one", message: 5 });
  const events = await ended();
  expect(events.length).toBeLessThan(20);
  expect(events.at(-2)).toMatchObject({ type: "progress", progress: { done: 1000, partial: "p1000" } });
  expect(events.at(-1)).toEqual({ type: "result", id: 1, result: 5 });
});

test("a method's error arrives as its message", async () => {
  const { send, ended } = serve(() => {
    throw new Error("image is 3 × 3, 28 × 28 is needed");
  });
  send({ type: "run", id: 2, task: "one", message: 0 });
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
  send({ type: "run", id: 3, task: "one", message: 0 });
  send({ type: "cancel", id: 99 }); // of nobody
  expect(events).toEqual([]);
  send({ type: "cancel", id: 3 });
  expect(await ended()).toEqual([{ type: "cancelled", id: 3 }]);
});

test("a task that the worker has not is named", async () => {
  const { send, ended } = serve((x) => x);
  send({ type: "run", id: 4, task: "two", message: 0 });
  expect(await ended()).toEqual([{ type: "error", id: 4, message: "the worker has no task “two”: one" }]);
});

const inputs = {
  n: { kind: "number", label: "N", default: 5, min: 1, max: 10 },
  rate: { kind: "number", label: "Rate", default: 0.5, min: 0, max: 1, step: "any" },
  mode: {
    kind: "choice",
    label: "Mode",
    default: "a",
    options: [
      { value: "a", label: "A" },
      { value: "b&c", label: "B", was: "old" },
    ],
  },
  drawing: {
    kind: "custom",
    label: "Drawing",
    default: "",
    check: (value) => (/^[01]*$/.test(value) ? null : "Only 0 and 1."),
    control: () => null,
  },
} as const satisfies Inputs;

interface Values {
  readonly n: number;
  readonly rate: number;
  readonly mode: string;
  readonly drawing: string;
}
const made = (label: string, own: Partial<Record<keyof Values, Inputs[string]>> = {}) =>
  task<Values, Values, number, never>({
    label,
    inputs: { ...inputs, ...own } as typeof inputs,
    applies: (name, { mode }) => name !== "rate" || mode === "b&c",
    run: async ({ n }) => n,
    message: (values) => values,
    announce: (n, { rate }) => `${n} at ${rate}`,
    views: () => [],
  });
const one = { first: made("First") };
const two = { ...one, second: made("Second", { n: { ...inputs.n, default: 2, max: 6 } }) };
const values = { n: 7, rate: 0.125, mode: "b&c", drawing: "0110" };
const given = firstTask(one).values;

test("what is written into an address is read from it again; the task is in it where there are several", () => {
  const hash = writeAddress(one, "first", values);
  expect(hash).toBe("#run&n=7&rate=0.125&mode=b%26c&drawing=0110");
  expect(readAddress(hash, one)).toEqual({ task: "first", values, refused: [] });
  expect(writeAddress(two, "second", { ...values, mode: "a" })).toBe("#run&task=second&n=7&mode=a&drawing=0110");
  expect(readAddress("#run&task=second&n=3", two)).toEqual({ task: "second", values: { ...given, n: 3 }, refused: [] });
});

test("an address of nobody's gives nothing; a bare one the first task with its defaults", () => {
  expect(readAddress("", two)).toBeNull();
  expect(readAddress("#results", two)).toBeNull();
  expect(readAddress("#run", two)).toEqual(firstTask(two));
  expect(readAddress("#run&task=third&n=", two)).toEqual(firstTask(two));
  expect(readAddress("#run&task=__proto__", two)).toEqual(firstTask(two));
});

test("what an address gets wrong is the default, and what and why is told", () => {
  const refused = readAddress("#run&n=11&rate=x&mode=zzz&drawing=2&__proto__=1", one)!;
  expect(refused.values).toEqual(given);
  expect(refused.refused).toEqual([
    { label: "N", problem: "11 is outside 1 to 10." },
    { label: "Rate", problem: "A number from 0 to 1 is needed." },
    { label: "Mode", problem: "There is no choice “zzz”." },
    { label: "Drawing", problem: "Only 0 and 1." },
  ]);
  expect(readAddress("#run&n=&n=3&mode=old", one)).toMatchObject({ values: { ...given, mode: "b&c" }, refused: [] });
});

test("another task takes over what it can of the inputs of the same name, and keeps its own", () => {
  expect(carriedOver(two.second, undefined, { ...values, n: 4, other: 1 })).toEqual({ ...values, n: 4 });
  expect(carriedOver(two.second, undefined, { n: 9 })).toEqual({ ...given, n: 2 });
  expect(carriedOver(two.second, { ...given, n: 6 }, { n: 9, mode: "b&c" })).toMatchObject({ n: 6, mode: "b&c" });
});

test("a task runs its method with its message, and words the result with the inputs", async () => {
  expect(await one.first.run(values, {})).toEqual({ text: "7 at 0.125", views: [] });
  expect([one.first.presets(values), one.first.downloads(values)]).toEqual([[], []]);
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
] as const)("%s = %s: %s", (name, value, problem) => {
  expect(problemOf(inputs[name], value)).toBe(problem);
});
