// The panel's worker: it segments pictures.
import type { MaskRcnnTasks } from "../../../run/mask-rcnn.worker.ts";
import { PanelWorker } from "../../panel-remote.ts";

export const worker = new PanelWorker<MaskRcnnTasks>(
  () => new Worker(new URL("../../../run/mask-rcnn.worker.ts", import.meta.url), { type: "module" }),
);
