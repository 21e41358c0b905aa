// The panel's worker: it runs the searches, and answers flips by hand.
import type { BitFlipTasks } from "../../../run/bit-flip.worker.ts";
import { PanelWorker } from "../../panel-remote.ts";

export const worker = new PanelWorker<BitFlipTasks>(
  () => new Worker(new URL("../../../run/bit-flip.worker.ts", import.meta.url), { type: "module" }),
);

export const hand = worker.method("hand");
