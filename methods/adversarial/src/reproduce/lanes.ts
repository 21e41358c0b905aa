// Work that does not depend on each other, on several runtimes at once.

/**
 * Runs every task, each on whichever of the lanes is free next; with one lane, one after the other.
 *
 * @returns the results in the order of the tasks
 * @throws  the first failure, after the tasks under way have been told to stop and have ended; the signal's reason when
 *          aborted
 */
export async function inLanes<Lane, Result>(
  lanes: readonly Lane[],
  tasks: readonly ((lane: Lane, signal: AbortSignal) => Promise<Result>)[],
  signal?: AbortSignal,
): Promise<Result[]> {
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const results = new Array<Result>(tasks.length);
  const waiting = tasks.entries();
  const work = async (lane: Lane): Promise<void> => {
    for (const [i, task] of waiting) {
      stop.throwIfAborted();
      results[i] = await task(lane, stop);
    }
  };
  const first = (reason: unknown): void => {
    if (!failed.signal.aborted) failed.abort(reason);
  };
  await Promise.all(lanes.map((lane) => work(lane).catch(first)));
  if (failed.signal.aborted) throw failed.signal.reason;
  return results;
}
