// Worker threads on Node that are kept for the next task, and what happens when one of them cannot go on.
import { getCompileCacheDir } from "node:module";
import { Worker } from "node:worker_threads";

/** What a worker's script answers to a task. */
export type Answer = { readonly value: unknown } | { readonly error: unknown };

interface Hand {
  readonly worker: Worker;
  /** Ends the task it is at. */
  settle: ((answer: Answer) => void) | undefined;
  /** Why it takes no more tasks. */
  failure: Error | undefined;
}

/** Threads that run one script, which answers each message with an `Answer`. Idle ones let the process end. */
export class ThreadPool {
  readonly #script: URL;
  readonly #idle: Hand[] = [];

  constructor(script: URL) {
    this.#script = script;
  }

  /** Starts so many threads, so that they are there when there is work. */
  prepare(count: number): void {
    while (this.#idle.length < count) this.#idle.push(this.#start());
  }

  /**
   * Has a thread do a task; arrays in `transfer` are moved to it, not copied.
   *
   * @throws what the script threw; an Error when the thread ended or could not be started
   */
  run(task: unknown, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const hand = this.#idle.pop() ?? this.#start();
      hand.settle = (answer) => {
        hand.settle = undefined;
        hand.worker.unref();
        if (!hand.failure) this.#idle.push(hand);
        if ("error" in answer) reject(answer.error);
        else resolve(answer.value);
      };
      if (hand.failure) return hand.settle({ error: hand.failure });
      hand.worker.ref();
      hand.worker.postMessage(task, [...transfer]);
    });
  }

  #start(): Hand {
    // A process that runs text (`node --input-type=module -e …`) would have the thread take its script for text too.
    const ofText = process.execArgv.some((flag) => flag.startsWith("--input-type"));
    const worker = new Worker(this.#script, {
      ...(ofText ? { execArgv: [] } : {}),
      workerData: { compileCache: getCompileCacheDir() },
    });
    const hand: Hand = { worker, settle: undefined, failure: undefined };
    const fail = (why: string, cause?: unknown) => {
      hand.failure ??= new Error(`A worker thread ${why}. Fewer threads need less memory; one needs no worker.`, {
        cause,
      });
      // One that was idle stays in the list: whoever is given it next is told.
      hand.settle?.({ error: hand.failure });
    };
    worker.on("message", (answer: Answer) => hand.settle?.(answer));
    worker.on("error", (error: unknown) => fail(`failed: ${error instanceof Error ? error.message : error}`, error));
    worker.on("exit", (code) => fail(`ended before its work was done (exit code ${code})`));
    worker.unref();
    return hand;
  }
}
