// Going on with a trained model on new text: its words, labels and rows stay, what is new in the text is added.
import type { GivenSettings, Settings } from "../config.ts";
import type { Job, Kernel, Tables } from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import type { Model } from "../model/model.ts";
import { type Corpus, CorpusError } from "../text/corpus.ts";
import { Dictionary } from "../text/dictionary.ts";
import { fnv1a } from "../text/hash.ts";

/** Settings that a model has for good. */
export function settingsOf(
  tables: Tables,
): Pick<Settings, "model" | "loss" | "dim" | "wordNgrams" | "bucket" | "minn" | "maxn"> {
  const { model, loss, dim, wordNgrams, bucket, minn, maxn } = tables;
  return { model, loss, dim, wordNgrams, bucket, minn, maxn };
}

/**
 * Whether training can go on from a model with these settings.
 *
 * @throws RangeError for a quantised model, or naming the setting in which the model differs
 */
export function checkContinues({ tables }: Model, given: GivenSettings): void {
  if (tables.input.kind !== "dense" || tables.output.kind !== "dense")
    throw new RangeError("a quantised model cannot be trained any further; go on with the .bin that it was made of.");
  for (const [name, value] of Object.entries(settingsOf(tables))) {
    const asked = given[name as keyof Settings];
    const wanted = asked === "one-vs-all" ? "ova" : asked;
    if (wanted === undefined || wanted === value) continue;
    if (name === "bucket" && tables.wordNgrams <= 1 && tables.maxn === 0) continue; // neither has any
    if (name === "model") throw new RangeError(`this is a ${value} model; only ${value} can go on from it.`);
    throw new RangeError(
      `the model was trained with ${name} ${value}, and ${wanted} is asked for; it keeps its ${name}: ` +
        "leave that out, or train a new model.",
    );
  }
}

/**
 * Tables that start from a model's rows and have room for the new words and labels of a corpus.
 *
 * @param fresh  the entries of the corpus that occur often enough
 * @param newRows  gives the rows at which new words start
 * @throws RangeError for quantised models; CorpusError for new labels where the tree (hs) cannot grow
 */
export function extendedTables(
  old: Tables,
  corpus: Corpus,
  fresh: Dictionary,
  newRows: (rows: number) => Job["tables"]["input"],
  kernel: Kernel,
  memory: Memory,
): { tables: Job["tables"]; remap: Int32Array } {
  const { input, output, dim, bucket } = old;
  if (input.kind !== "dense" || output.kind !== "dense")
    throw new RangeError("A quantised model cannot be trained any further; go on with the .bin that it was made of.");
  const added = [0, 1].map((kind) => newEntries(old.dictionary, fresh, kind));
  if (old.loss === "hs" && added[1]!.length > 0)
    throw new CorpusError(
      `The text has the new label "${fresh.textOf(added[1]![0]!)}"; the tree of a model with loss hs cannot grow.`,
    );
  const dictionary = new Dictionary(memory, old.dictionary.prefix.slice(), old.dictionary.size + fresh.size);
  const keepCounts = old.loss === "hs"; // the tree is built from the labels' counts and must stay
  for (const kind of [0, 1]) {
    for (let id = 0; id < old.dictionary.size; id++) {
      if (old.dictionary.kinds[id] !== kind) continue;
      const bytes = old.dictionary.bytesOf(id);
      const now = fresh.find(bytes);
      const more = now < 0 || (keepCounts && kind === 1) ? 0 : fresh.counts[now]!;
      dictionary.append(bytes, 0, bytes.length, old.dictionary.counts[id]! + more, kind);
    }
    for (const id of added[kind]!)
      dictionary.append(fresh.pool, fresh.starts[id]!, fresh.starts[id + 1]!, fresh.counts[id]!, kind);
  }
  dictionary.tokens = old.dictionary.tokens + corpus.tokens;
  kernel.fillSlots(dictionary);

  const rows = newRows(dictionary.words + bucket);
  rows.values.set(input.values.subarray(0, old.dictionary.words * dim));
  rows.values.set(input.values.subarray(old.dictionary.words * dim), dictionary.words * dim);
  const outputs = old.model === "supervised" ? dictionary.labels : dictionary.words;
  const values = memory.float32(outputs * dim);
  values.set(output.values);
  const remap = memory.int32(corpus.dictionary.size);
  for (let entry = 0; entry < remap.length; entry++) {
    const bytes = corpus.dictionary.bytesOf(entry);
    remap[entry] = dictionary.find(bytes, fnv1a(bytes));
  }
  return {
    tables: { ...old, memory, dictionary, input: rows, output: { kind: "dense", rows: outputs, dim, values } },
    remap,
  };
}

function newEntries(old: Dictionary, fresh: Dictionary, kind: number): number[] {
  const ids: number[] = [];
  for (let id = 0; id < fresh.size; id++) if (fresh.kinds[id] === kind && old.find(fresh.bytesOf(id)) < 0) ids.push(id);
  return ids;
}
