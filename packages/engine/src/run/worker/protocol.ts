// A runtime in another thread, behind the same interface: requests and answers over a message port.
import type { Tensor, Type } from "../../ir/type.ts";
import type { Target } from "../../lower/lower.ts";
import type { Resident, RunOptions, Runtime, Session, SessionOptions } from "../runtime.ts";

/** What worker threads of Node, web workers and their ports have in common. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Calls back for every message, with its data. */
  listen(onMessage: (data: unknown) => void): void;
}

type Feed = Tensor | { readonly resident: number };
type Request =
  | { readonly call: "channelBlock" }
  | { readonly call: "load"; readonly model: Uint8Array; readonly options: SessionOptions | undefined }
  | {
      readonly call: "run";
      readonly session: number;
      readonly feeds: Record<string, Feed>;
      readonly fetch: readonly string[] | undefined;
      readonly into: Record<string, number>;
    }
  | { readonly call: "releaseSession"; readonly session: number }
  | { readonly call: "allocate"; readonly type: Type }
  | { readonly call: "read"; readonly resident: number }
  | { readonly call: "write"; readonly resident: number; readonly data: Tensor }
  | { readonly call: "releaseResident"; readonly resident: number };
interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The side that computes: answers requests with a runtime of its own thread. */
export function serveRuntime(port: Port, runtime: Runtime): void {
  const sessions = new Map<number, Session>();
  const residents = new Map<number, Resident>();
  let next = 1;
  const handle = async (request: Request): Promise<unknown> => {
    switch (request.call) {
      case "channelBlock":
        return await runtime.channelBlock();
      case "load": {
        const session = await runtime.load(request.model, request.options);
        sessions.set(next, session);
        return { id: next++, inputs: session.inputs, outputs: session.outputs };
      }
      case "run": {
        const resident = (id: number) => residents.get(id)!;
        const feeds = mapValues(request.feeds, (feed) => ("resident" in feed ? resident(feed.resident) : feed));
        const into = mapValues(request.into, resident);
        return await sessions
          .get(request.session)!
          .run(feeds, request.fetch ? { fetch: request.fetch, into } : { into });
      }
      case "releaseSession":
        await sessions.get(request.session)?.release();
        return sessions.delete(request.session);
      case "allocate":
        residents.set(next, await runtime.allocate(request.type));
        return next++;
      case "read":
        return await residents.get(request.resident)!.read();
      case "write":
        return await residents.get(request.resident)!.write(request.data);
      case "releaseResident":
        residents.get(request.resident)?.release();
        return residents.delete(request.resident);
    }
  };
  // One after the other: a run must see the writes that were sent before it.
  let queue = Promise.resolve();
  port.listen((message) => {
    const { id, request } = message as { id: number; request: Request };
    queue = queue.then(async () => {
      try {
        port.postMessage({ id, result: await handle(request) });
      } catch (error) {
        port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
      }
    });
  });
}

/** The side that asks. `stop` ends the thread. */
export function remoteRuntime(
  port: Port,
  target: Target,
  stop: () => Promise<void>,
): { runtime: Runtime; fail: (error: Error) => void } {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let next = 1;
  let dead: Error | undefined;
  port.listen((message) => {
    const { id, result, error } = message as Answer;
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) caller?.resolve(result as never);
    else caller?.reject(new Error(error));
  });
  const ask = <T>(request: Request): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (dead) return reject(dead);
      waiting.set(next, { resolve: resolve as (value: never) => void, reject });
      port.postMessage({ id: next++, request });
    });
  const fail = (error: Error) => {
    dead ??= error; // the first reason is the reason
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const runtime: Runtime = {
    target,
    channelBlock: () => ask({ call: "channelBlock" }),
    async load(model, options) {
      const { id, inputs, outputs } = await ask<{ id: number; inputs: string[]; outputs: string[] }>({
        call: "load",
        model,
        options,
      });
      return {
        inputs,
        outputs,
        run: (feeds, { fetch, into = {} }: RunOptions = {}) =>
          ask({
            call: "run",
            session: id,
            feeds: mapValues(feeds, (feed): Feed => ("data" in feed ? feed : { resident: idOf(feed) })),
            fetch,
            into: mapValues(into, idOf),
          }),
        release: async () => {
          await ask({ call: "releaseSession", session: id });
        },
      };
    },
    async allocate({ dtype, shape }) {
      const id = await ask<number>({ call: "allocate", type: { dtype, shape } });
      return new RemoteResident({ dtype, shape }, id, ask);
    },
    async release() {
      fail(new Error("runtime: it was released"));
      await stop();
    },
  };
  return { runtime, fail };
}

class RemoteResident implements Resident {
  readonly dtype: Type["dtype"];
  readonly shape: Type["shape"];
  readonly id: number;
  readonly #ask: <T>(request: Request) => Promise<T>;

  constructor({ dtype, shape }: Type, id: number, ask: <T>(request: Request) => Promise<T>) {
    this.dtype = dtype;
    this.shape = shape;
    this.id = id;
    this.#ask = ask;
  }

  read(): Promise<Tensor> {
    return this.#ask({ call: "read", resident: this.id });
  }

  write(data: Tensor): Promise<void> {
    return this.#ask({ call: "write", resident: this.id, data });
  }

  release(): void {
    this.#ask({ call: "releaseResident", resident: this.id }).catch(() => {}); // the thread may be gone, and the array with it
  }
}

const idOf = (resident: Resident): number => (resident as RemoteResident).id;

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]));
}
