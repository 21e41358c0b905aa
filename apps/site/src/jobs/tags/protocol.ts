// What the server and the thread that suggests tags say to each other.

/** A summary and the tags of its paper. */
export interface TaggedText {
  readonly text: string;
  readonly tags: readonly string[];
}

export interface Suggestion {
  readonly tag: string;
  /** 0 to 1, each tag by itself. */
  readonly probability: number;
}

/** How much there must be to learn from: texts, tags, and texts that share a tag. */
export interface Needs {
  readonly texts: number;
  readonly tags: number;
  readonly textsPerTag: number;
}

/** To the thread; answered one at a time, in this order. */
export type TagRequest =
  | { readonly id: number; readonly kind: "learn"; readonly texts: readonly TaggedText[] }
  | { readonly id: number; readonly kind: "suggest"; readonly text: string };

/** From it; `needs` where there was too little to learn from. */
export type TagReply =
  | { readonly id: number; readonly suggestions: readonly Suggestion[] }
  | { readonly id: number; readonly needs: Needs }
  | { readonly id: number; readonly error: string };
