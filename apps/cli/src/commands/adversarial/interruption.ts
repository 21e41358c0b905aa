/** A signal that Ctrl-C (SIGINT) or SIGTERM aborts, with what to tell the user; a second one ends the process at once. */
export function interruption(message: string): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error(`interrupted. ${message}`));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return {
    signal: controller.signal,
    done: () => {
      process.off("SIGINT", stop).off("SIGTERM", stop);
    },
  };
}
