// npm and tools/run.mjs pass a Ctrl-C on that the terminal has sent to all of them: the same one arrives twice.
const sameMs = 500;

/**
 * A signal that the first Ctrl-C (SIGINT) or SIGTERM aborts, with what to tell the user; a later one ends the process.
 *
 * @param message  what is kept and how to go on; a function is asked when the signal arrives
 */
export function interruption(message: string | (() => string)): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  let first = 0;
  const stop = () => {
    if (first === 0) first = Date.now();
    else if (Date.now() - first > sameMs) process.exit(130);
    if (controller.signal.aborted) return;
    controller.abort(new Error(`interrupted. ${typeof message === "string" ? message : message()}`));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return {
    signal: controller.signal,
    done: () => {
      process.off("SIGINT", stop).off("SIGTERM", stop);
    },
  };
}
