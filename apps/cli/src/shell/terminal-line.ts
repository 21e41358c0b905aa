import type { ProgressLine } from "@reprise/experiment";

/** One line on stderr, rewritten in place on a terminal, one line at most every two seconds elsewhere. */
export class TerminalLine implements ProgressLine {
  #last = 0;
  #open = false;

  /** On a terminal at most ten times a second, so that progress costs nothing. */
  show(text: string): void {
    const now = Date.now();
    if (now - this.#last < (process.stderr.isTTY ? 100 : 2000)) return;
    this.#last = now;
    this.#open = true;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
  }

  end(text?: string): void {
    if (process.stderr.isTTY && this.#open) process.stderr.write("\r\x1b[2K");
    if (text !== undefined) process.stderr.write(`${text}\n`);
    this.#open = false;
  }
}
