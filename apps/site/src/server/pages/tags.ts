// What a paper is about, as a list of words.
import { html } from "hono/html";
import type { Html } from "./layout.ts";

/** Nothing for a paper without tags. */
export function tagList(tags: readonly string[]): Html | "" {
  if (tags.length === 0) return "";
  return html`<ul class="tags" aria-label="Tags">${tags.map((tag) => html`<li>${tag}</li>`)}</ul>`;
}
