// Kysely over PGlite in a worker thread: queries and rows travel as messages; one connection, taken in turns.
import { Worker } from "node:worker_threads";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";

export type WorkerRequest =
  | { readonly id: number; readonly kind: "query"; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly id: number; readonly kind: "close" };

export type WorkerReply =
  | { readonly id: number; readonly rows: Record<string, unknown>[]; readonly affected: number }
  | {
      readonly id: number;
      readonly error: {
        readonly message: string;
        readonly code: string | undefined;
        readonly detail: string | undefined;
      };
    };

/** SQLSTATE of a query that was broken off, as PostgreSQL itself gives at its statement_timeout. */
export const queryCanceled = "57014";

/** SQLSTATE of a server that was shut down. */
const adminShutdown = "57P01";

type Answer = Extract<WorkerReply, { rows: unknown }>;

/** A PostgreSQL error that came from the worker; `code` is the SQLSTATE, as with `pg`. */
class DatabaseError extends Error {
  readonly code: string | undefined;
  readonly detail: string | undefined;
  constructor(message: string, code: string | undefined, detail: string | undefined) {
    super(message);
    this.name = "DatabaseError";
    this.code = code;
    this.detail = detail;
  }
}

/** The dialect for one data folder; a query that takes longer than `timeout()` milliseconds is given up. */
export function pgliteDialect(directory: string, timeout: () => number): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new WorkerDriver(directory, timeout),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class WorkerDriver implements Driver {
  readonly #directory: string;
  readonly #timeout: () => number;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #worker: Worker | undefined;
  #lastId = 0;
  #turn: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  #dead: Error | undefined;

  constructor(directory: string, timeout: () => number) {
    this.#directory = directory;
    this.#timeout = timeout;
  }

  async init(): Promise<void> {
    const worker = new Worker(new URL("./pglite-worker.ts", import.meta.url), {
      workerData: { directory: this.#directory },
    });
    this.#worker = worker;
    const opened = new Promise<Answer>((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    worker.on("message", (reply: WorkerReply) => {
      const waiter = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("error" in reply) {
        const { message, code, detail } = reply.error;
        waiter?.reject(new DatabaseError(message, code, detail));
      } else waiter?.resolve(reply);
    });
    worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) =>
      this.#fail(new DatabaseError(`the database worker ended with code ${code}`, adminShutdown, undefined)),
    );
    await opened;
  }

  /** Waits for the one connection: transactions of different callers must not mix. */
  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    let release: () => void = () => {};
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    return {
      executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
        const { rows, affected } = await this.#ask({ id: ++this.#lastId, kind: "query", sql, parameters });
        return { rows: rows as R[], numAffectedRows: BigInt(affected) };
      },
      // biome-ignore lint/correctness/useYield: the interface asks for a generator; streaming is refused.
      async *streamQuery() {
        throw new Error("streaming is not supported over PGlite; read in pages instead");
      },
    };
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin"));
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("rollback"));
  }
  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async destroy(): Promise<void> {
    const worker = this.#worker;
    if (!worker || this.#dead) return;
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    await this.#ask({ id: ++this.#lastId, kind: "close" });
    await ended;
  }

  #ask(request: WorkerRequest): Promise<Answer> {
    if (this.#dead) return Promise.reject(this.#dead);
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker?.postMessage(request);
    });
    const timeout = this.#timeout();
    return request.kind === "query" && Number.isFinite(timeout) ? this.#inTime(request.id, answer, timeout) : answer;
  }

  /** PGlite cannot break a query off: it runs on in its thread, and who asked is told that it takes too long. */
  #inTime(id: number, answer: Promise<Answer>, timeout: number): Promise<Answer> {
    const timer = setTimeout(() => {
      const waiter = this.#waiting.get(id);
      this.#waiting.delete(id);
      waiter?.reject(new DatabaseError(`the query took longer than ${timeout} ms`, queryCanceled, undefined));
    }, timeout);
    return answer.finally(() => clearTimeout(timer));
  }

  #fail(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
