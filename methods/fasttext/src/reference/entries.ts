// What the entries of a corpus are to a model: rows, labels, or nothing.

import { entryKinds } from "../kernel/kernel.ts";
import type { Dictionary } from "../text/dictionary.ts";
import { fnv1a } from "../text/hash.ts";

/** `describeEntries` of a kernel. */
export function describeEntries(dictionary: Dictionary, ids: Int32Array, words: number, entries: Int32Array): void {
  const { droppedLabel, firstLabel } = entryKinds;
  for (let entry = 0; entry < dictionary.size; entry++) {
    const id = ids[entry]!; // −1 is `noRow`
    const label = id < 0 ? droppedLabel : firstLabel - (id - words);
    entries[2 * entry] = dictionary.kinds[entry] === 1 ? label : id;
    entries[2 * entry + 1] = fnv1a(dictionary.bytesOf(entry)) | 0;
  }
}

/** picked[i] = pairs[ids[i]], of pairs. */
export function pickPairs(pairs: Int32Array, ids: Int32Array, picked: Int32Array): void {
  for (let i = 0; i < ids.length; i++) {
    picked[2 * i] = pairs[2 * ids[i]!]!;
    picked[2 * i + 1] = pairs[2 * ids[i]! + 1]!;
  }
}
