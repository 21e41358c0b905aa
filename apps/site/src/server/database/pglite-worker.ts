// Runs PGlite outside the main thread: a slow query must not stop HTTP. One request at a time, in the order received.
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { unaccent } from "@electric-sql/pglite/contrib/unaccent";
import type { WorkerReply, WorkerRequest } from "./pglite-dialect.ts";
import { explainOpening, systemFault } from "./pglite-errors.ts";

if (!parentPort) throw new Error("pglite-worker.ts runs as a worker thread only");
const port = parentPort;
const { directory } = workerData as { directory: string };
const pg = await PGlite.create(directory, { extensions: { pg_trgm, unaccent } }).catch((cause: unknown) => {
  throw explainOpening(directory, cause);
});
const reply = (message: WorkerReply) => port.postMessage(message);

let queue = Promise.resolve();
port.on("message", (request: WorkerRequest) => {
  queue = queue.then(() => answer(request));
});
reply({ id: 0, rows: [], affected: 0 });

async function answer(request: WorkerRequest): Promise<void> {
  try {
    if (request.kind === "close") {
      await pg.close();
      reply({ id: request.id, rows: [], affected: 0 });
      port.close();
      return;
    }
    // Without parameters the text may hold several statements (migrations): only the simple protocol takes those.
    const result =
      request.parameters.length === 0
        ? (await pg.exec(request.sql)).at(-1)
        : await pg.query(request.sql, [...request.parameters]);
    reply({
      id: request.id,
      rows: (result?.rows ?? []) as Record<string, unknown>[],
      affected: result?.affectedRows ?? 0,
    });
  } catch (error) {
    const { message, code, detail } = error as { message?: string; code?: string; detail?: string };
    const told = systemFault(error) ?? { message: message ?? String(error), code };
    reply({ id: request.id, error: { ...told, detail } });
  }
}
