// The worker's side of the protocol: a worker file is one call of `serveMethod`.
import type { Progress, RunEvent, RunRequest } from "./protocol.ts";

/** What a method gets besides its parameters. */
export interface RunContext<Partial = unknown> {
  /** Aborted when the reader cancels. Look at it between steps, after giving the event loop a turn. */
  readonly signal: AbortSignal;
  /** Tells the page; cheap to call, the page sees at most one message per 50 ms and always the last. */
  readonly progress: (progress: Progress<Partial>) => void;
}

/** The part of a worker's global scope that is used. */
export interface WorkerPort {
  postMessage(message: RunEvent): void;
  onmessage: ((event: MessageEvent<RunRequest>) => void) | null;
}

/**
 * Answers run requests with the method. An error's message goes to the reader as it is, so it must be one they can use.
 *
 * @param method  gets the parameters as the panel sent them
 * @param port    the worker's `self` unless a test gives another
 */
export function serveMethod<Parameters, Result, Partial = unknown>(
  method: (parameters: Parameters, context: RunContext<Partial>) => Promise<Result> | Result,
  port: WorkerPort = globalThis as unknown as WorkerPort,
): void {
  const running = new Map<number, AbortController>();
  port.onmessage = ({ data: request }) => {
    if (request.type === "cancel") running.get(request.id)?.abort();
    else run(request.id, request.parameters as Parameters);
  };

  async function run(id: number, parameters: Parameters): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const { signal } = controller;
    const paced = paceProgress((progress) => port.postMessage({ type: "progress", id, progress }));
    try {
      const result = await method(parameters, { signal, progress: paced.tell });
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
