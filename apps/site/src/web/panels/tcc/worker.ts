// The panel's worker: it aligns, learns, and answers what is set by hand.
import type { TccTasks } from "../../../run/tcc.worker.ts";
import { PanelWorker } from "../../panel-remote.ts";

export const worker = new PanelWorker<TccTasks>(
  () => new Worker(new URL("../../../run/tcc.worker.ts", import.meta.url), { type: "module" }),
);

export const repath = worker.method("repath");
export const cycle = worker.method("cycle");
