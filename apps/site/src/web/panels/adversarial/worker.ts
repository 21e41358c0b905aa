// The panel's worker, which also tells what an ONNX file is before it is run.
import type { AdversarialTasks } from "../../../run/adversarial.worker.ts";
import { PanelWorker } from "../../panel-remote.ts";

export const worker = new PanelWorker<AdversarialTasks>(
  () => new Worker(new URL("../../../run/adversarial.worker.ts", import.meta.url), { type: "module" }),
);

export const inspect = worker.method("inspect");
