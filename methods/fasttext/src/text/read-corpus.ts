// Text to corpus: read here, or in parts by several threads.
import type { Settings } from "../config.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import { wasmKernel } from "../kernel/wasm.ts";
import { joinParts } from "../parallel/parts.ts";
import { pause } from "../training/pause.ts";
import type { TrainOptions } from "../training/run.ts";
import { type Corpus, CorpusReader, defaultMemoryBytes, type Limits } from "./corpus.ts";
import { pieces, type TextSource } from "./source.ts";

export interface ReadCorpusOptions extends Pick<TrainOptions, "signal" | "onProgress" | "runThreads"> {
  /** Memory that the corpus may take. */
  readonly limits?: Limits;
}

/** @throws the signal's reason when it is aborted; what reading failed with, here or in another thread */
export async function readCorpus(
  text: TextSource,
  settings: Settings,
  memory: Memory,
  kernel: Kernel,
  { signal, onProgress, limits, runThreads }: ReadCorpusOptions,
): Promise<Corpus> {
  const reader = new CorpusReader(memory, kernel, settings, limits);
  const stop = memory.int32(1);
  const aside =
    kernel === wasmKernel && settings.threads > 1
      ? runThreads?.readAside?.(text, settings.threads, mostAside(limits), {
          memory: memory.wasm,
          settings: { label: settings.label, compat: settings.compat },
          stop: stop.byteOffset,
          rowBytes: 4 * settings.dim * settings.bucket,
        })
      : undefined;
  const others = Promise.all(aside?.others ?? []);
  others.catch(() => Atomics.store(stop, 0, 1));
  try {
    let sincePause = 0;
    for await (const piece of aside?.first ?? pieces(text)) {
      signal?.throwIfAborted();
      sincePause += piece.length;
      if (sincePause > 1 << 23) {
        await pause(); // let signals in
        sincePause = 0;
      }
      if (Atomics.load(stop, 0) !== 0) break;
      reader.add(piece);
      onProgress?.({ kind: "reading", done: reader.dictionary.tokens, total: null });
    }
    const corpus = reader.finish();
    return aside
      ? joinParts(
          corpus,
          (await others).filter((part) => part !== undefined),
          kernel,
        )
      : corpus;
  } catch (error) {
    Atomics.store(stop, 0, 1);
    await Promise.allSettled(aside?.others ?? []);
    throw error;
  }
}

/** Longest text that several threads may read: a token is two bytes at least, and four in memory, half of the limit. */
function mostAside({ memoryBytes = defaultMemoryBytes }: Limits = {}): number {
  return memoryBytes / 4;
}
