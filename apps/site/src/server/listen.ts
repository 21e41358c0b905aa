// HTTP: takes the port, answers from memory what can be, and gives the rest to the application.
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { type Log, requestLine } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { addressesOf } from "./origin.ts";
import { QuickReplies } from "./reply.ts";

/** A server that listens. */
export interface Listening {
  /** Its address for a browser on this machine, and for one on another. */
  readonly here: string;
  readonly elsewhere: string;
  /** What is answered without the application, which fills it. */
  readonly quick: QuickReplies;
  readonly answerWith: (app: Hono) => void;
  readonly close: () => Promise<void>;
}

/**
 * Takes the port at once; until there is an application, every answer is 503.
 *
 * @param log  told of the requests that do not reach the application
 */
export function listen({
  host,
  port,
  log,
  metrics,
}: {
  readonly host: string;
  readonly port: number;
  readonly log?: Log | undefined;
  /** Told of every request; /metrics answers with what it counts. */
  readonly metrics?: Metrics | undefined;
}): Promise<Listening> {
  const quick = new QuickReplies();
  let app: Hono | undefined;
  const starting = () =>
    new Response("503: starting", { status: 503, headers: { "Retry-After": "2", "Cache-Control": "no-store" } });
  const hono = getRequestListener((request, env) => app?.fetch(request, env) ?? starting());
  const server = createServer({ headersTimeout: 20_000, requestTimeout: 60_000 }, (request, response) => {
    const start = performance.now();
    if (metrics && request.url === "/metrics" && request.method === "GET") {
      response.writeHead(200, {
        "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
        "Cache-Control": "no-store",
      });
      response.end(metrics.text());
      return;
    }
    metrics?.watch(response);
    const status = quick.answer(request, response);
    if (status === undefined) hono(request, response);
    else if (log) {
      const { method = "", url: address = "" } = request;
      const milliseconds = performance.now() - start;
      log(requestLine({ status, milliseconds, method, address, from: request.socket.remoteAddress }));
    }
  });
  const close = () =>
    new Promise<void>((closed) => {
      const force = setTimeout(() => server.closeAllConnections(), 3000);
      server.close(() => {
        clearTimeout(force);
        closed();
      });
      server.closeIdleConnections();
    });
  return new Promise((done, fail) => {
    server.on("error", (cause: NodeJS.ErrnoException) => fail(explain(cause, host, port)));
    server.listen(port, host, () => {
      const address = server.address();
      done({
        ...addressesOf(host, typeof address === "object" && address ? address.port : port),
        quick,
        answerWith: (made) => {
          app = made;
        },
        close,
      });
    });
  });
}

function explain(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  if (cause.code === "EADDRINUSE")
    return new Error(
      `port ${port} on ${host} is taken by another program: stop it, or choose another with --port NUMBER (--port 0 takes any free one)`,
      { cause },
    );
  if (cause.code === "EACCES")
    return new Error(
      `port ${port} on ${host} needs rights this user does not have: choose one above 1023 with --port NUMBER`,
      { cause },
    );
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND")
    return new Error(
      `this machine has no address ${host}: give one of its own with --host, such as 127.0.0.1 or 0.0.0.0`,
      { cause },
    );
  return cause;
}
