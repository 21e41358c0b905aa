// The page of engine-web.ts: one worker, asked for steps one request at a time.
const worker = new Worker(new URL("./web.worker.ts", import.meta.url), { type: "module" });

function steps(net: string, count: number, threads: number): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ net, steps: count, threads });
  });
}
Object.assign(globalThis, { steps });
