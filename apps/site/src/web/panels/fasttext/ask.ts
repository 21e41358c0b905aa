// The panel's worker: it keeps the trained model and answers what is typed later.
import type { FastTextRequest } from "../../../run/fasttext/inputs.ts";
import type { FastTextAnswer } from "../../../run/fasttext.worker.ts";
import { asking } from "../../asking.ts";

export const { startWorker, ask } = asking<Extract<FastTextRequest, { task: "classify" }>, FastTextAnswer>(
  () => new Worker(new URL("../../../run/fasttext.worker.ts", import.meta.url), { type: "module" }),
);
