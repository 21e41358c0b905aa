// The page that runtime.web.test.ts talks to, through the functions it puts on the window.
import { compile, type Inputs, mul, type Runtime, tensor, webWorkerRuntime } from "../../src/index.ts";
import { runtimeSuite } from "../runtime.suite.ts";

const start = (role: "suite" | "serve", threads: number) =>
  new Worker(new URL("./suite.worker.ts", import.meta.url), {
    type: "module",
    name: JSON.stringify({ role, threads }),
  });

const suites = new Map<number, Worker>();
let next = 1;

/** Runs a case inside a Web Worker with this many threads. Null when it passed, else what was thrown. */
async function runInWorker(threads: number, name: string): Promise<string | null> {
  const worker = suites.get(threads) ?? start("suite", threads);
  suites.set(threads, worker);
  const id = next++;
  return new Promise((resolve) => {
    const hear = ({ data }: MessageEvent<{ id: number; error: string | null }>) => {
      if (data.id !== id) return;
      worker.removeEventListener("message", hear);
      resolve(data.error);
    };
    worker.addEventListener("message", hear);
    worker.addEventListener("error", (event) => resolve(`the worker failed: ${event.message}`), { once: true });
    worker.postMessage({ id, name });
  });
}

let remote: Runtime | undefined;

/** Runs a case here, on a runtime that lives in a Web Worker. */
async function runRemotely(name: string): Promise<string | null> {
  remote ??= webWorkerRuntime(start("serve", 1));
  try {
    await runtimeSuite[name]!(remote);
    return null;
  } catch (error) {
    return (error as Error).stack ?? String(error);
  }
}

/** What a call says after the runtime was released, and on a worker whose script does not exist. */
async function lostRuntimes(): Promise<string[]> {
  const x = tensor("float32", [1], [1]);
  const say = (runtime: Runtime) =>
    compile(runtime, ({ x }: Inputs<"x">) => ({ y: mul(x, 2) }))
      .run({ x })
      .then(
        () => "no error",
        (error: Error) => error.message,
      );
  const released = webWorkerRuntime(start("serve", 1));
  await released.release();
  return [await say(released), await say(webWorkerRuntime(new Worker("/nowhere.js", { type: "module" })))];
}

Object.assign(globalThis, { runInWorker, runRemotely, lostRuntimes });
