import { type Answer, type Ask, mergedAsk, partOf, type Search } from "./search.ts";

/** Several searches of one row at once: their questions of one kind become one. */
export function* together<T>(searches: readonly Search<T>[]): Search<T[]> {
  if (searches.length === 1) return [yield* searches[0]!];
  const results = new Array<T>(searches.length);
  const asks = new Map<number, Ask>();
  const advance = (i: number, answer: Answer | undefined): void => {
    // A generator that has not begun has no place for an answer.
    const { value, done } = searches[i]!.next(answer as Answer);
    if (done) {
      asks.delete(i);
      results[i] = value;
    } else asks.set(i, value);
  };
  for (let i = 0; i < searches.length; i++) advance(i, undefined);
  while (asks.size > 0)
    for (const want of ["loss", "scores", "logits"] as const) {
      const asking = [...asks].filter(([, ask]) => ask.want === want);
      if (asking.length === 0) continue;
      const answer = yield mergedAsk(asking.map(([, ask]) => ask));
      let from = 0;
      const count = asking.reduce((sum, [, ask]) => sum + ask.count, 0);
      for (const [i, ask] of asking) {
        advance(i, partOf(answer, from, ask.count, count));
        from += ask.count;
      }
    }
  return results;
}
