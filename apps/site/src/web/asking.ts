// Questions to a panel's worker beside the runs of the shell.
import type { RunEvent, RunRequest } from "../run/protocol.ts";

/** One worker for the shell's runs and for questions; the latter go to the one that was started last. */
export function asking<Question, Answer>(start: () => Worker) {
  let worker: Worker | undefined;
  let shellHasIt = false;
  let questions = 0;
  return {
    /** For the shell: the worker that a question has already started, or another. */
    startWorker(): Worker {
      if (!worker || shellHasIt) worker = start();
      shellHasIt = true;
      return worker;
    },
    /** Asks the worker, starting it if there is none. @throws Error with the worker's message */
    ask(question: Question): Promise<Answer> {
      worker ??= start();
      const asked = worker;
      const id = --questions; // below zero, where the shell's runs are not
      return new Promise((resolve, reject) => {
        const hear = ({ data }: MessageEvent<RunEvent>) => {
          if (data.id !== id || data.type === "progress") return;
          asked.removeEventListener("message", hear);
          if (data.type === "result") resolve(data.result as Answer);
          else reject(new Error(data.type === "error" ? data.message : "cancelled"));
        };
        asked.addEventListener("message", hear);
        asked.postMessage({ type: "run", id, parameters: question } satisfies RunRequest);
      });
    },
  };
}
