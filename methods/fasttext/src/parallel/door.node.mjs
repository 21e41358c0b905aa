// Where a training thread begins on Node. Plain JavaScript: the compile cache of the thread that starts it, if there is
// one, is on before the first TypeScript module is met, which saves a tenth of a second.
import { enableCompileCache } from "node:module";
import { workerData } from "node:worker_threads";

if (workerData.compileCache) enableCompileCache(workerData.compileCache);
await import("./task.node.ts");
