// HTTP without a library between: servers as processes of their own, and requests over kept connections.
import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** Starts a server as a process of its own and gives its port, which it prints. */
export async function started(args: readonly string[], env = {}): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port) return { port: Number(port), child };
  }
  throw new Error(`${args.join(" ")} ended without a port`);
}

/** The constant answer: node:http, the bytes and headers of the page as they were sent once. */
export const constant = `
  const { headers, body } = JSON.parse(require("node:fs").readFileSync(process.env.ANSWER, "utf8"));
  const bytes = Buffer.from(body, "base64");
  const server = require("node:http").createServer((_, response) => {
    response.writeHead(200, headers);
    response.end(bytes);
  });
  server.listen(0, "127.0.0.1", () => console.log("127.0.0.1:" + server.address().port));
`;

/**
 * Asks over so many connections, each waiting for its answer, until there is no next request.
 *
 * @param next  a request's bytes; undefined when it was the last
 * @returns     milliseconds of each answer
 */
export async function ask(port: number, connections: number, next: () => string | undefined): Promise<number[]> {
  const times: number[] = [];
  const one = () =>
    new Promise<void>((done, fail) => {
      const socket = connect(port, "127.0.0.1").setNoDelay();
      let [length, got, start] = [0, 0, 0];
      const send = () => {
        const request = next();
        if (request === undefined) {
          socket.destroy();
          done();
          return;
        }
        [length, got, start] = [0, 0, performance.now()];
        socket.write(request);
      };
      socket.on("connect", send);
      socket.on("error", fail);
      socket.on("data", (bytes) => {
        if (length === 0) {
          const text = bytes.toString("latin1");
          if (!/^HTTP\/1\.1 [23]/.test(text)) return fail(new Error(text.slice(0, 200)));
          length = text.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        }
        got += bytes.length;
        if (got < length) return;
        times.push(performance.now() - start);
        send();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  return times;
}
