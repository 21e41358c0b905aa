import { writeSync } from "node:fs";

/** One line of progress on stderr, rewritten in place on a terminal, one line at most every two seconds elsewhere. */
export class ProgressLine {
  #last = 0;
  #open = false;

  /** Shows the text; on a terminal at most ten times a second, so that progress costs nothing. */
  show(text: string): void {
    const now = Date.now();
    if (now - this.#last < (process.stderr.isTTY ? 100 : 2000)) return;
    this.#last = now;
    this.#open = true;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
  }

  /** Clears the line, or leaves a last text in its place. */
  end(text?: string): void {
    if (process.stderr.isTTY && this.#open) process.stderr.write("\r\x1b[2K");
    if (text !== undefined) process.stderr.write(`${text}\n`);
    this.#open = false;
  }
}

/** Rows as an aligned text table: first column to the left, the others to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const width = header.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(width[i]!) : cell.padStart(width[i]!)))
      .join("  ")
      .trimEnd();
  return [line(header), width.map((w) => "─".repeat(w)).join("  "), ...rows.map(line)].join("\n");
}

/** Rows as a Markdown table, all columns but the first to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), `|${header.map((_, i) => (i === 0 ? "---" : "---:")).join("|")}|`, ...rows.map(line)].join(
    "\n",
  );
}

/** The result of a command: one JSON document with --json, text otherwise; always on stdout, always whole. */
export function printResult(json: boolean | undefined, value: unknown, text: () => string): void {
  writeOut(Buffer.from(json ? `${JSON.stringify(value, null, 2)}\n` : `${text()}\n`));
}

/** All bytes to standard output. Node makes pipes non-blocking: where one is full, waits for its reader. */
export function writeOut(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += whenReady(() => writeSync(1, bytes, at));
}

/** Reads or writes a pipe, again and again until it is ready. */
export function whenReady(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); // ms
    }
  }
}
