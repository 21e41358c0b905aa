// The worker's side of the protocol: a worker file is one call of `serveTasks`.
import type { Progress, RunEvent, RunRequest } from "./protocol.ts";

/** What a task's method gets besides its message. */
export interface RunContext<Partial = unknown> {
  /** Aborted when the reader cancels. Look at it between steps, after giving the event loop a turn. */
  readonly signal: AbortSignal;
  /** Tells the page; cheap to call, the page sees at most one message per 50 ms and always the last. */
  readonly progress: (progress: Progress<Partial>) => void;
}

/** The methods of a worker by the names of their tasks: `(message, context) => result`, awaited. */
export type Methods = Readonly<Record<string, (message: never, context: RunContext<unknown>) => unknown>>;

/** The part of a worker's global scope that is used. */
export interface WorkerPort {
  postMessage(message: RunEvent): void;
  onmessage: ((event: MessageEvent<RunRequest>) => void) | null;
}

/**
 * Answers run requests with the methods. An error's message goes to the reader as it is, so it must be one they can use.
 *
 * @param methods  each gets the message that the panel's task of that name sends
 * @param port     the worker's `self` unless a test gives another
 */
export function serveTasks(methods: Methods, port: WorkerPort = globalThis as unknown as WorkerPort): void {
  const running = new Map<number, AbortController>();
  port.onmessage = ({ data: request }) => {
    if (request.type === "cancel") running.get(request.id)?.abort();
    else run(request.id, request.task, request.message as never);
  };

  async function run(id: number, task: string, message: never): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const { signal } = controller;
    const paced = paceProgress((progress) => port.postMessage({ type: "progress", id, progress }));
    try {
      const method = methods[task];
      if (!method) throw new Error(`the worker has no task “${task}”: ${Object.keys(methods).join(", ")}`);
      const result = await method(message, { signal, progress: paced.tell });
      paced.flush();
      port.postMessage(signal.aborted ? { type: "cancelled", id } : { type: "result", id, result });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage(signal.aborted ? { type: "cancelled", id } : { type: "error", id, message });
    } finally {
      running.delete(id);
    }
  }
}

function paceProgress(send: (progress: Progress) => void) {
  let last = 0;
  let waiting: Progress | undefined;
  const flush = () => {
    if (waiting) send(waiting);
    waiting = undefined;
  };
  const tell = (progress: Progress) => {
    waiting = progress;
    const now = performance.now();
    if (now - last < 50) return;
    last = now;
    flush();
  };
  return { tell, flush };
}

/** Gives the event loop one turn, so that a cancel request can arrive; unlike `setTimeout(0)`, without a delay. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
