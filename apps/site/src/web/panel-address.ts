// A panel's task and inputs in the address: `#run&task=attack&seed=2`. The server never sees them, and a link repeats a run.
import type { Panel, Task } from "./panel.ts";
import { defaults, type Input, problemOf, type Values } from "./panel-inputs.ts";

type Tasks = Panel["tasks"];

/** What an address asks for. */
export interface Asked {
  readonly task: string;
  readonly values: Values;
  /** What it gives that cannot be taken, and why; defaults that can stand there instead. */
  readonly refused: readonly { readonly label: string; readonly problem: string }[];
}

/** What a page begins with: its first task with all defaults. */
export function firstTask(tasks: Tasks): Asked {
  const [task = ""] = Object.keys(tasks);
  return { task, values: defaults(tasks[task]?.inputs ?? {}), refused: [] };
}

/** The task and inputs of an address; what it leaves out or gets wrong is the default. Null if it is not a panel's. */
export function readAddress(hash: string, tasks: Tasks): Asked | null {
  const [anchor, ...pairs] = hash.replace(/^#/, "").split("&");
  if (anchor !== "run") return null;
  const given = new URLSearchParams(pairs.join("&"));
  const named = given.get("task") ?? "";
  const task = Object.hasOwn(tasks, named) ? named : firstTask(tasks).task;
  const { inputs } = tasks[task]!;
  const values: Record<string, string | number> = { ...defaults(inputs) };
  const refused: { label: string; problem: string }[] = [];
  for (const [name, input] of Object.entries(inputs)) {
    const text = given.get(name);
    if (text === null || text === "") continue;
    const value = parse(input, text);
    const problem = problemOf(input, value);
    if (problem === null) values[name] = value;
    else if (problemOf(input, input.default as string) === null) refused.push({ label: input.label, problem });
  }
  return { task, values, refused };
}

function parse(input: Input<unknown>, text: string): string | number {
  if (input.kind === "number") return Number(text);
  return (input.kind === "choice" && input.options.find(({ was }) => was === text)?.value) || text;
}

/** The address for the inputs that apply; all of those, so that a later change of a default changes no link. */
export function writeAddress(tasks: Tasks, task: string, values: Values): string {
  const names = shownInputs(tasks[task]!, values);
  const pairs = new URLSearchParams(names.map((name) => [name, String(values[name])]));
  return `#run&${Object.keys(tasks).length > 1 ? `task=${task}&` : ""}${pairs}`;
}

/** The names of the inputs that mean something. */
export function shownInputs(task: Task, values: Values): string[] {
  return Object.keys(task.inputs).filter((name) => task.applies(name, values));
}

/** A task's values when its tab is opened: its own from before, with what the reader chose in the other of the same name. */
export function carriedOver(task: Task, own: Values | undefined, other: Values): Values {
  const values = { ...(own ?? defaults(task.inputs)) };
  for (const [name, input] of Object.entries(task.inputs))
    if (Object.hasOwn(other, name) && problemOf(input, other[name]!) === null) values[name] = other[name]!;
  return values;
}
