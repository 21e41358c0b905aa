// The server's log: a line for each thing that happened, with the time at its start.
export type Log = (line: string) => void;

/** A log whose lines begin with the time. */
export function dated(log: Log): Log {
  return (line) => log(`${new Date().toISOString()} ${line}`);
}

/** A request that was answered, in one line: status, time, what was asked, and what went wrong. */
export interface Answered {
  readonly status: number;
  readonly milliseconds: number;
  readonly method: string;
  /** Path and query. */
  readonly address: string;
  readonly from?: string | undefined;
  readonly error?: unknown;
}

/** @param stack  the error's whole stack, for whoever looks for its cause in the code */
export function requestLine({ status, milliseconds, method, address, from, error }: Answered, stack = false): string {
  const asked = withoutSecrets(address.length > 300 ? `${address.slice(0, 300)}…` : address);
  const line = `${status} ${Math.round(milliseconds)} ms${from ? ` ${from}` : ""} ${method} ${asked}`;
  return error === undefined ? line : `${line}: ${stack && error instanceof Error ? error.stack : inOneLine(error)}`;
}

/** An error as one line: no message, however it came about, begins a line of its own. */
export function inOneLine(error: unknown): string {
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  const text = error instanceof Error ? `${name}: ${message}${code ? ` (${code})` : ""}` : String(error);
  return text
    .replace(/\s*[\n\r]\s*/g, " ")
    .replace(/\p{Cc}/gu, "")
    .slice(0, 1000);
}

/** Whoever reads the log opens no link that was meant for another. */
function withoutSecrets(address: string): string {
  return address.replace(/([?&](?:token|invite)=)[^&]*/gi, "$1…").replace(/^\/s\/[^?]*/, "/s/…");
}
