// One run after the other in one worker: the page's side of the protocol.
import type { Progress, RunEvent, RunRequest } from "../run/protocol.ts";

/** A cancelled worker that has not answered after this long is ended; the next run starts another. */
const patienceMs = 1000;

/** Runs a panel's method. The worker starts with the first run and stays for the next. */
export class Runner {
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #id = 0;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  /**
   * Runs once and resolves with the result.
   *
   * @throws the signal's reason if it was aborted; Error with the method's message, or saying that the worker died
   */
  run(parameters: unknown, { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Progress) => void }) {
    const id = ++this.#id;
    const worker = this.#ready();
    const send = (request: RunRequest) => worker.postMessage(request);
    return new Promise<unknown>((resolve, reject) => {
      let impatient: ReturnType<typeof setTimeout> | undefined;
      const end = () => {
        clearTimeout(impatient);
        worker.removeEventListener("message", hear);
        worker.removeEventListener("error", fail);
        signal.removeEventListener("abort", cancel);
      };
      const hear = ({ data }: MessageEvent<RunEvent>) => {
        if (data.id !== id) return;
        if (data.type === "progress") {
          if (!signal.aborted) onProgress(data.progress);
          return;
        }
        end();
        if (data.type === "result" && !signal.aborted) resolve(data.result);
        else reject(data.type === "error" ? new Error(data.message) : signal.reason);
      };
      const fail = (event: ErrorEvent) => {
        end();
        this.stop();
        reject(new Error(`the worker stopped: ${event.message || "it could not be loaded"}. Reload the page.`));
      };
      const cancel = () => {
        send({ type: "cancel", id });
        impatient = setTimeout(() => {
          end();
          this.stop();
          reject(signal.reason);
        }, patienceMs);
      };
      worker.addEventListener("message", hear);
      worker.addEventListener("error", fail);
      signal.addEventListener("abort", cancel);
      send({ type: "run", id, parameters });
      if (signal.aborted) cancel();
    });
  }

  /** Ends the worker at once. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #ready(): Worker {
    this.#worker ??= this.#start();
    return this.#worker;
  }
}
