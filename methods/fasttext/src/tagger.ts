// Tag suggestions for short texts, learnt from texts that have tags: one-vs-all, because a text may have several.
import type { Kernel } from "./kernel/kernel.ts";
import type { Model } from "./model/model.ts";
import { train } from "./training/train.ts";

/** A text and the tags that somebody gave it. */
export interface TaggedText {
  readonly text: string;
  readonly tags: readonly string[];
}

export interface Suggestion {
  readonly tag: string;
  /** 0 to 1, each tag by itself. */
  readonly probability: number;
}

/** What there must be to learn from: texts in all, tags, and texts of a tag, below which nothing can be said of it. */
export const taggerNeeds = { texts: 20, tags: 2, textsPerTag: 3 } as const;
const prefix = "__label__";

/** Lower case, Unicode letters and digits; everything else separates. */
const normalise = (text: string): string =>
  text
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu)
    ?.join(" ") ?? "";

export class Tagger {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  /**
   * Trains on tagged texts; some seconds for tens of thousands of them.
   *
   * @returns undefined when there is too little to learn from: fewer than 20 texts, or fewer than 2 tags that occur
   *   3 times
   */
  static async train(
    texts: readonly TaggedText[],
    options: { readonly signal?: AbortSignal; readonly kernel?: Kernel } = {},
  ): Promise<Tagger | undefined> {
    const counts = new Map<string, number>();
    for (const { tags } of texts) for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    const learnable = new Set([...counts].filter(([, count]) => count >= taggerNeeds.textsPerTag).map(([tag]) => tag));
    const lines = texts
      .map(({ text, tags }) => ({
        words: normalise(text),
        tags: [...new Set(tags)].filter((tag) => learnable.has(tag)),
      }))
      .filter(({ words, tags }) => words !== "" && tags.length > 0)
      .map(({ words, tags }) => `${tags.map((tag) => prefix + encodeURIComponent(tag)).join(" ")} ${words}\n`);
    if (lines.length < taggerNeeds.texts || learnable.size < taggerNeeds.tags) return undefined;
    const settings = { loss: "ova", dim: 32, lr: 0.5, epoch: 30, wordNgrams: 2, bucket: 100_000 } as const;
    return new Tagger(await train(lines, settings, options));
  }

  /** The tags that suit a text best, best first; none for a text without a known word. */
  suggest(text: string, { k = 5, threshold = 0.2 }: { k?: number; threshold?: number } = {}): Suggestion[] {
    const { dictionary } = this.#model.tables;
    const words = normalise(text);
    if (!words.split(" ").some((word) => dictionary.idOf(word) >= 0)) return [];
    return this.#model
      .predict(words, { k, threshold })
      .map(({ label, probability }) => ({ tag: decodeURIComponent(label.slice(prefix.length)), probability }));
  }
}
