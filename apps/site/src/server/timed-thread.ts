// A worker thread that answers one question at a time, and is ended when an answer takes too long.
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Thrown when the thread was ended; the next question gets another thread. */
export class TookTooLong extends Error {
  constructor(milliseconds: number, options?: ErrorOptions) {
    super(`no answer within ${milliseconds / 1000} seconds`, options);
  }
}

export class TimedThread<Question, Reply> {
  readonly #program: URL;
  readonly #limit: number;
  #worker: Worker | undefined;
  #before: Promise<unknown> = Promise.resolve();

  /** @param limit  milliseconds that one answer may take */
  constructor(program: URL, limit: number) {
    this.#program = program;
    this.#limit = limit;
  }

  /** The thread starts with the first question. @throws TookTooLong */
  ask(question: Question): Promise<Reply> {
    const turn = this.#before.then(() => this.#ask(question));
    this.#before = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #ask(question: Question): Promise<Reply> {
    this.#worker ??= new Worker(this.#program);
    const worker = this.#worker;
    worker.ref(); // it holds the process only while it works
    const inTime = AbortSignal.timeout(this.#limit);
    try {
      worker.postMessage(question);
      const [reply] = (await once(worker, "message", { signal: inTime })) as [Reply];
      return reply;
    } catch (cause) {
      await this.close(); // it would go on, or has failed
      throw inTime.aborted ? new TookTooLong(this.#limit, { cause }) : cause;
    } finally {
      worker.unref();
    }
  }
}
