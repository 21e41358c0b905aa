// The Firefox that is installed, driven by WebDriver BiDi over one WebSocket: pages are opened, resized and asked.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const names = ["firefox", "firefox-esr"];

/** Path of FIREFOX_PATH or Firefox; null where none is installed. */
export function findFirefox(environment: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const given = environment.FIREFOX_PATH;
  if (given) {
    if (!existsSync(given)) throw new Error(`FIREFOX_PATH is ${given}, where there is no file: correct or unset it`);
    return given;
  }
  const found = (environment.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return found.find((path) => existsSync(path)) ?? null;
}

/** Why tests in Firefox cannot run here, or null where they can. */
export const noFirefox: string | null =
  findFirefox() === null ? "no Firefox is installed: apt-get install firefox-esr, or set FIREFOX_PATH" : null;

/** One page. */
export interface Tab {
  goto(url: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** Evaluates an expression, waits for its promise, and gives what JSON can hold of it. @throws Error as the page does */
  evaluate<Result>(expression: string): Promise<Result>;
  close(): Promise<void>;
}

export interface TabBrowser {
  open(): Promise<Tab>;
  close(): Promise<void>;
}

/** Starts Firefox without a window, with a profile of its own that goes with it. Close it in `afterAll`. */
export async function launchFirefox(): Promise<TabBrowser> {
  const path = findFirefox();
  if (path === null) throw new Error(noFirefox ?? "no Firefox");
  const profile = mkdtempSync(join(tmpdir(), "firefox-"));
  const firefox = spawn(path, ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: "1" },
  });
  const exited = new Promise<void>((resolve) => firefox.once("exit", () => resolve()));
  const end = async () => {
    firefox.kill();
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const connection = await connect(`${await addressOf(firefox)}/session`);
    await connection.send("session.new", { capabilities: {} });
    return {
      async open() {
        const { context } = await connection.send<{ context: string }>("browsingContext.create", { type: "tab" });
        return tabOf(connection, context);
      },
      async close() {
        connection.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function tabOf({ send }: Connection, context: string): Tab {
  return {
    async goto(url) {
      await send("browsingContext.navigate", { context, url, wait: "complete" });
    },
    async resize(width, height) {
      await send("browsingContext.setViewport", { context, viewport: { width, height } });
    },
    async evaluate<Result>(expression: string) {
      const answer = await send<Evaluated>("script.evaluate", {
        expression: `(async () => JSON.stringify(await (${expression})) ?? "null")()`,
        target: { context },
        awaitPromise: true,
      });
      if (answer.type === "exception") throw new Error(answer.exceptionDetails.text);
      return JSON.parse(answer.result.value) as Result;
    },
    async close() {
      await send("browsingContext.close", { context });
    },
  };
}

type Evaluated =
  | { readonly type: "success"; readonly result: { readonly value: string } }
  | { readonly type: "exception"; readonly exceptionDetails: { readonly text: string } };

/** Where Firefox listens, which it says when it does. */
function addressOf(firefox: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    firefox.stderr?.on("data", (bytes: Buffer) => {
      said += bytes;
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
    firefox.once("exit", (code) =>
      reject(new Error(`Firefox ended with ${code} before it listened: ${said.slice(-500)}`)),
    );
  });
}

interface Connection {
  send<Result = unknown>(method: string, params: object): Promise<Result>;
  close(): void;
}

interface Answer {
  readonly id?: number;
  readonly type: "success" | "error" | "event";
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

async function connect(url: string): Promise<Connection> {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`no connection to Firefox at ${url}`));
  });
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  socket.onmessage = ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    const asked = waiting.get(answer.id ?? -1);
    if (!asked) return;
    waiting.delete(answer.id!);
    if (answer.type === "success") asked.resolve(answer.result as never);
    else asked.reject(new Error(`Firefox: ${answer.error}: ${answer.message}`));
  };
  socket.onclose = () => {
    for (const { reject } of waiting.values()) reject(new Error("Firefox is gone"));
    waiting.clear();
  };
  let id = 0;
  return {
    send: (method, params) =>
      new Promise((resolve, reject) => {
        waiting.set(++id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}
