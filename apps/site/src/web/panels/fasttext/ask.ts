// Questions to the worker that has the trained model, beside the runs of the shell.
import type { FastTextRequest } from "../../../run/fasttext/inputs.ts";
import type { FastTextAnswer } from "../../../run/fasttext.worker.ts";
import type { RunEvent, RunRequest } from "../../../run/protocol.ts";

let worker: Worker | undefined;
let questions = 0;

/** The panel's worker; later questions go to the one that was started last. */
export function startWorker(): Worker {
  worker = new Worker(new URL("../../../run/fasttext.worker.ts", import.meta.url), { type: "module" });
  return worker;
}

/** Classifies a text with a model that the worker has. @throws Error with the worker's message */
export function ask(question: Extract<FastTextRequest, { task: "classify" }>): Promise<FastTextAnswer> {
  const asked = worker;
  if (!asked) return Promise.reject(new Error("No model is there yet: press Run."));
  const id = --questions; // below zero, where the shell's runs are not
  return new Promise((resolve, reject) => {
    const hear = ({ data }: MessageEvent<RunEvent>) => {
      if (data.id !== id || data.type === "progress") return;
      asked.removeEventListener("message", hear);
      if (data.type === "result") resolve(data.result as FastTextAnswer);
      else reject(new Error(data.type === "error" ? data.message : "cancelled"));
    };
    asked.addEventListener("message", hear);
    asked.postMessage({ type: "run", id, parameters: question } satisfies RunRequest);
  });
}
