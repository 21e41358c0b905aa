// Renders Markdown in a thread (jobs/render.node.ts), which is ended when a text takes too long.
import type { Rendered, RenderReply, RenderRequest } from "../jobs/render.protocol.ts";
import { TimedThread, TookTooLong } from "./timed-thread.ts";

/** A text that is not rendered; the message tells its author why. */
export class NotRendered extends Error {}

/** Renders texts one after the other; `close` ends the thread, which starts with the first of them. */
export class Renderer {
  readonly #limit: number;
  readonly #thread: TimedThread<RenderRequest, RenderReply>;

  /** @param limit  milliseconds that one text may take */
  constructor(limit = 10_000) {
    this.#limit = limit;
    this.#thread = new TimedThread(new URL("../jobs/render.node.ts", import.meta.url), limit);
  }

  /** @throws NotRendered */
  async render(request: RenderRequest): Promise<Rendered> {
    const reply = await this.#thread.ask(request).catch((cause: unknown) => {
      if (!(cause instanceof TookTooLong)) throw cause;
      throw new NotRendered(
        `the text takes longer than ${this.#limit / 1000} seconds to render; divide or simplify it`,
        { cause },
      );
    });
    if ("error" in reply) throw new NotRendered(reply.error);
    return reply.rendered;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
