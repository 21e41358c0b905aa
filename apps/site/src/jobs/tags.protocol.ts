// What the server and the thread that suggests tags say to each other. The method's types only: its code stays in the
// thread.
import type { Suggestion, TaggedText, taggerNeeds } from "@reprise/fasttext";

export type { Suggestion, TaggedText };

/** How much there must be to learn from: texts, tags, and texts that share a tag. */
export type Needs = Readonly<Record<keyof typeof taggerNeeds, number>>;

/** To the thread; answered one at a time, in this order. */
export type TagRequest =
  | { readonly id: number; readonly kind: "learn"; readonly texts: readonly TaggedText[] }
  | { readonly id: number; readonly kind: "suggest"; readonly text: string };

/** From it; `needs` where there was too little to learn from. */
export type TagReply =
  | { readonly id: number; readonly suggestions: readonly Suggestion[] }
  | { readonly id: number; readonly needs: Needs }
  | { readonly id: number; readonly error: string };
