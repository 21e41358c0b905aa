// What the server and the thread that renders summaries say to each other.
import type { Rendered } from "../render/markdown.ts";

export type { Rendered };

/** To the thread, one at a time. */
export interface RenderRequest {
  readonly markdown: string;
  /** Texts of citations' links by the keys that they cite. */
  readonly labels: ReadonlyMap<string, string>;
  /** Begins the ids of the text's footnotes. */
  readonly name: string;
}

/** From it; `error` is why the text is not rendered, for its author. */
export type RenderReply = { readonly rendered: Rendered } | { readonly error: string };
