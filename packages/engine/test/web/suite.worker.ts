// A Web Worker with ONNX Runtime Web. Its name says what it does: run the cases of the runtime suite that it is asked
// for ({ id, name } → { id, error }), train three steps ({ id, steps: true } → { id, result, error }), or serve its runtime to the page.
import { serveRuntime } from "../../src/index.ts";
import { webRuntime } from "../../src/run/web.ts";
import { manyChannels } from "../many-channels.ts";
import { runtimeSuite } from "../runtime.suite.ts";
import { threeSteps } from "../three-steps.ts";

const { role, threads, provider } = JSON.parse(self.name) as {
  role: "suite" | "serve";
  threads: number;
  provider: "wasm" | "webgpu";
};

let helpers = 0; // ONNX Runtime starts a worker for every thread but the first
const Original = self.Worker;
self.Worker = class extends Original {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    helpers++;
  }
};

const wasmPaths = `${location.origin}/ort/`;
const starting =
  provider === "webgpu"
    ? import("../../src/run/webgpu.ts").then(({ webgpuRuntime }) => webgpuRuntime({ wasmPaths }))
    : webRuntime({ wasmPaths, threads });
const cases: typeof runtimeSuite = {
  ...runtimeSuite,
  "convolves many channels": manyChannels,
  async "starts as many threads as it was told"() {
    if (helpers + 1 !== threads) throw new Error(`${helpers + 1} threads, expected ${threads}`);
  },
};

if (role === "serve") {
  serveRuntime(
    {
      postMessage: (message) => self.postMessage(message),
      listen: (onMessage) => self.addEventListener("message", ({ data }) => onMessage(data)),
    },
    webRuntime({ wasmPaths, threads }),
  );
} else {
  self.addEventListener("message", async ({ data: { id, name, steps } }) => {
    try {
      const result = steps ? await threeSteps(await starting) : await cases[name]!(await starting);
      self.postMessage({ id, result, error: null });
    } catch (error) {
      self.postMessage({ id, error: (error as Error).stack ?? String(error) });
    }
  });
}
