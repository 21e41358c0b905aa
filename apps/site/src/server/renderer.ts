// Renders Markdown in a thread (jobs/render.node.ts), which is ended when a text takes too long.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Rendered, RenderReply, RenderRequest } from "../jobs/render.protocol.ts";

/** Renders texts one after the other; `close` ends the thread, which starts with the first of them. */
export class Renderer {
  readonly #limit: number;
  #worker: Worker | undefined;
  #before: Promise<unknown> = Promise.resolve();

  /** @param limit  milliseconds that one text may take */
  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  /** @throws Error that tells the author why the text is not rendered */
  render(request: RenderRequest): Promise<Rendered> {
    const turn = this.#before.then(() => this.#render(request));
    this.#before = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #render(request: RenderRequest): Promise<Rendered> {
    this.#worker ??= new Worker(new URL("../jobs/render.node.ts", import.meta.url));
    const worker = this.#worker;
    worker.ref(); // it holds the process only while it works
    const inTime = AbortSignal.timeout(this.#limit);
    try {
      worker.postMessage(request);
      const [reply] = (await once(worker, "message", { signal: inTime })) as [RenderReply];
      if ("error" in reply) throw new Error(reply.error);
      return reply.rendered;
    } catch (cause) {
      if (!inTime.aborted) throw cause;
      await this.close(); // it would go on; the next text gets another thread
      throw new Error(`the text takes longer than ${this.#limit / 1000} seconds to render; divide or simplify it`, {
        cause,
      });
    } finally {
      worker.unref();
    }
  }
}
