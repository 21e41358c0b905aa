// The panel's worker: it keeps the trained model and answers what is typed later.
import type { FastTextTasks } from "../../../run/fasttext.worker.ts";
import { PanelWorker } from "../../panel-remote.ts";

export const worker = new PanelWorker<FastTextTasks>(
  () => new Worker(new URL("../../../run/fasttext.worker.ts", import.meta.url), { type: "module" }),
);

export const classifyText = worker.method("classifyText");
export const nameLanguage = worker.method("nameLanguage");
