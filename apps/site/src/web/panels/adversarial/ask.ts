// The panel's worker, which also tells what an ONNX file is before it is run.
import type { ModelFacts } from "../../../run/adversarial/own-files.ts";
import type { AdversarialRequest } from "../../../run/adversarial.worker.ts";
import { asking } from "../../asking.ts";

export const { startWorker, ask } = asking<Extract<AdversarialRequest, { inspect: unknown }>, ModelFacts>(
  () => new Worker(new URL("../../../run/adversarial.worker.ts", import.meta.url), { type: "module" }),
);
