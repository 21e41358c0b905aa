// Worker threads that fail: one clear error each, and nobody waits for ever.
import { expect, test } from "vitest";
import { ThreadPool } from "../src/parallel/pool.node.ts";

const script = (source: string) =>
  new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from "node:worker_threads";\n${source}`)}`);
const answering = `
  parentPort.on("message", (task) => {
    if (task === "throw") parentPort.postMessage({ error: new Error("the task's own error") });
    else if (task === "exit") process.exit(3);
    else if (task === "crash") setTimeout(() => { throw new Error("out of turn"); });
    else parentPort.postMessage({ value: task });
  });`;

test("a task's value, and what it threw; the thread takes the next task", async () => {
  const pool = new ThreadPool(script(answering));
  expect(await pool.run(7)).toBe(7);
  await expect(pool.run("throw")).rejects.toThrow("the task's own error");
  expect(await pool.run(8)).toBe(8);
});

test("a thread that crashes or ends is an error of its task; the next task has a new thread", async () => {
  const pool = new ThreadPool(script(answering));
  await expect(pool.run("crash")).rejects.toThrow(/A worker thread failed: out of turn\. Fewer threads/);
  await expect(pool.run("exit")).rejects.toThrow(/ended before its work was done \(exit code 3\)/);
  expect(await pool.run(9)).toBe(9);
});

test("a thread that cannot be started is an error of the task, not of the process", async () => {
  const pool = new ThreadPool(script(`throw new Error("no room");`));
  pool.prepare(2);
  await new Promise((resolve) => setTimeout(resolve, 100)); // it fails while nobody waits for it
  await expect(pool.run(1)).rejects.toThrow(/A worker thread failed: no room/);
  const none = new ThreadPool(new URL("file:///nowhere/to/be/found.mjs"));
  await expect(none.run(1)).rejects.toThrow(/A worker thread failed: .*found\.mjs/);
});
