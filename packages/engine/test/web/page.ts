// The page that runtime.web.test.ts talks to, through the functions it puts on the window.
import { compile, type Inputs, mul, type Runtime, tensor, webWorkerRuntime } from "../../src/index.ts";
import { webgpuAdapter } from "../../src/run/webgpu-adapter.ts";
import { runtimeSuite } from "../runtime.suite.ts";

const start = (role: "suite" | "serve", threads: number, provider: "wasm" | "webgpu" = "wasm") =>
  new Worker(new URL("./suite.worker.ts", import.meta.url), {
    type: "module",
    name: JSON.stringify({ role, threads, provider }),
  });

const suites = new Map<string, Worker>();
let next = 1;

/** Runs a case inside a Web Worker with this many threads. Null when it passed, else what was thrown. */
const runInWorker = (provider: "wasm" | "webgpu", threads: number, name: string): Promise<string | null> =>
  askWorker(provider, threads, { name });

/** The losses of three training steps, or what was thrown. */
const stepsInWorker = (provider: "wasm" | "webgpu"): Promise<number[] | string | null> =>
  askWorker(provider, 1, { steps: true });

async function askWorker<T>(provider: "wasm" | "webgpu", threads: number, request: object): Promise<T | string | null> {
  const key = `${provider} ${threads}`;
  const worker = suites.get(key) ?? start("suite", threads, provider);
  suites.set(key, worker);
  const id = next++;
  return new Promise((resolve) => {
    const hear = ({ data }: MessageEvent<{ id: number; result?: T; error: string | null }>) => {
      if (data.id !== id) return;
      worker.removeEventListener("message", hear);
      resolve(data.error ?? data.result ?? null);
    };
    worker.addEventListener("message", hear);
    worker.addEventListener("error", (event) => resolve(`the worker failed: ${event.message}`), { once: true });
    worker.postMessage({ id, ...request });
  });
}

/** Whether the browser gives this page a GPU. */
const hasGpu = async (): Promise<boolean> => (await webgpuAdapter()) !== null;

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

Object.assign(globalThis, { runInWorker, stepsInWorker, runRemotely, lostRuntimes, hasGpu });
