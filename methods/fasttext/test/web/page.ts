// The page that threads.web.test.ts talks to, through the functions it puts on the window.
import { type Order, trained } from "./trained.ts";

function trainedInWorker(order: Order): Promise<unknown> {
  const worker = new Worker(new URL("./trained.worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(order);
  });
}

Object.assign(globalThis, { trained, trainedInWorker });
