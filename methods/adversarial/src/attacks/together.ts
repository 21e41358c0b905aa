import type { Search } from "./search.ts";

/** Several searches of one row at once: whoever runs them puts their questions into whichever calls have room. */
export function* together<T>(searches: readonly Search<T>[]): Search<T[]> {
  if (searches.length === 1) return [yield* searches[0]!];
  const { results } = yield { want: "together", searches };
  return results as T[];
}
