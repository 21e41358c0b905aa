// A Web Worker with ONNX Runtime Web. Its name says what it does: run the cases of the runtime suite that it is asked
// for ({ id, name } → { id, error }), or serve its runtime to the page.
import { serveRuntime } from "../../src/index.ts";
import { webRuntime } from "../../src/run/web.ts";
import { runtimeSuite } from "../runtime.suite.ts";

const { role, threads } = JSON.parse(self.name) as { role: "suite" | "serve"; threads: number };

let helpers = 0; // ONNX Runtime starts a worker for every thread but the first
const Original = self.Worker;
self.Worker = class extends Original {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    helpers++;
  }
};

const runtime = webRuntime({ wasmPaths: `${location.origin}/ort/`, threads });
const cases: typeof runtimeSuite = {
  ...runtimeSuite,
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
    runtime,
  );
} else {
  self.addEventListener("message", async ({ data: { id, name } }) => {
    try {
      await cases[name]!(runtime);
      self.postMessage({ id, error: null });
    } catch (error) {
      self.postMessage({ id, error: (error as Error).stack ?? String(error) });
    }
  });
}
