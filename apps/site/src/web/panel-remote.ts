// The page's side of the protocol: one worker a panel, which runs its tasks and answers its controls' questions.
import type { Progress, RunEvent, RunRequest } from "../run/protocol.ts";
import type { Methods, RunContext } from "../run/serve-tasks.ts";

/** A cancelled worker that has not answered after this long is ended; the next run starts another. */
const patienceMs = 1000;

export interface RunOptions<Partial = unknown> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress<Partial>) => void;
}

/** A method of the worker, as the page calls it. */
export type Remote<Message, Result, Partial> = (message: Message, options?: RunOptions<Partial>) => Promise<Result>;

// biome-ignore lint/suspicious/noExplicitAny: what is inferred beside it is not looked at
type RemoteOf<Method> = Method extends (message: infer Message, context: any) => infer Result
  ? Remote<Message, Awaited<Result>, PartialOf<Method>>
  : never;
// biome-ignore lint/suspicious/noExplicitAny: as above
type PartialOf<Method> = Method extends (message: any, context: RunContext<infer Partial>) => unknown ? Partial : never;

/** `Tasks` is the type of what the worker's file gives to `serveTasks`. It starts with the first call. */
export class PanelWorker<Tasks extends Methods> {
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #id = 0;
  /** Ends the waiting of each call that has no answer yet. */
  readonly #waiting = new Map<number, (reason: unknown) => void>();

  /** @param start  `() => new Worker(new URL("../../run/x.worker.ts", import.meta.url), { type: "module" })` */
  constructor(start: () => Worker) {
    this.#start = start;
  }

  /**
   * A task's method: runs in the worker and resolves with its result. It rejects with the signal's reason when that is
   * aborted, and with an Error that has the method's message or says that the worker died.
   */
  method<Name extends keyof Tasks & string>(task: Name): RemoteOf<Tasks[Name]> {
    const call: Remote<unknown, unknown, unknown> = (message, options) => this.#call(task, message, options);
    return call as RemoteOf<Tasks[Name]>; // what the worker sends is what its method gives
  }

  /** Ends the worker at once; the next call starts another. */
  stop(reason: unknown = new Error("the worker was stopped")): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const end of this.#waiting.values()) end(reason);
  }

  #call(task: string, message: unknown, { signal, onProgress }: RunOptions = {}): Promise<unknown> {
    const id = ++this.#id;
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const send = (request: RunRequest) => worker.postMessage(request);
    return new Promise((resolve, reject) => {
      let impatient: ReturnType<typeof setTimeout> | undefined;
      const end = () => {
        clearTimeout(impatient);
        this.#waiting.delete(id);
        worker.removeEventListener("message", hear);
        worker.removeEventListener("error", fail);
        signal?.removeEventListener("abort", cancel);
      };
      const hear = ({ data }: MessageEvent<RunEvent>) => {
        if (data.id !== id) return;
        if (data.type === "progress") {
          if (!signal?.aborted) onProgress?.(data.progress);
          return;
        }
        end();
        if (data.type === "result" && !signal?.aborted) resolve(data.result);
        else reject(data.type === "error" ? new Error(data.message) : signal?.reason);
      };
      const fail = (event: ErrorEvent) =>
        this.stop(new Error(`the worker stopped: ${event.message || "it could not be loaded"}. Reload the page.`));
      const cancel = () => {
        send({ type: "cancel", id });
        impatient = setTimeout(() => this.stop(signal?.reason), patienceMs);
      };
      this.#waiting.set(id, (reason) => {
        end();
        reject(signal?.aborted ? signal.reason : reason);
      });
      worker.addEventListener("message", hear);
      worker.addEventListener("error", fail);
      signal?.addEventListener("abort", cancel);
      send({ type: "run", id, task, message });
      if (signal?.aborted) cancel();
    });
  }
}
