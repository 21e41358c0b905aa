// Training threads on Node: this file is both the side that starts them and what runs in each.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { TrainStatus } from "../kernel.ts";
import type { RunThreads } from "../run.ts";
import { doWork, type ThreadWork } from "../wasm.ts";
import { writeWhole } from "../write/node.ts";

/** A file to write, or a share of training. */
type Task = ThreadWork | { readonly path: string; readonly pieces: readonly Uint8Array[] };

const mark = "reprise-fasttext";
/** Threads without work; they do not keep the process alive. */
const idle: Worker[] = [];

function start(): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: mark });
  worker.unref();
  return worker;
}

/** Has a thread do this. */
function inThread<T>(task: Task): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = idle.pop() ?? start();
    const end = () => {
      worker.off("message", answered);
      worker.off("error", failed);
      worker.unref();
    };
    const answered = ({ value, error }: { value?: T; error?: Error }) => {
      end();
      idle.push(worker);
      if (error) reject(error);
      else resolve(value as T);
    };
    const failed = (error: unknown) => {
      end();
      reject(error);
    };
    worker.ref();
    worker.on("message", answered);
    worker.on("error", failed);
    worker.postMessage(task);
  });
}

/** Runs each piece of work in a worker thread. */
export const nodeThreads: RunThreads = Object.assign(
  (work: readonly ThreadWork[]) => Promise.all(work.map((share) => inThread<TrainStatus>(share))),
  {
    prepare(count: number) {
      while (idle.length < count) idle.push(start());
    },
  },
);

/** `writeWhole` in a thread of its own. Pieces of shared memory are not copied: leave them as they are meanwhile. */
export function writeAside(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  return inThread({ path, pieces });
}

function perform(task: Task): unknown {
  if (!("path" in task)) return doWork(task);
  writeWhole(task.path, task.pieces);
  return undefined;
}

if (!isMainThread && workerData === mark)
  parentPort!.on("message", (task: Task) => {
    try {
      parentPort!.postMessage({ value: perform(task) });
    } catch (error) {
      parentPort!.postMessage({ error });
    }
  });
