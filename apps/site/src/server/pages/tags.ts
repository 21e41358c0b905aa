// What a paper is about, as a list of words, each the way to other papers of it.
import { html } from "hono/html";
import type { Html } from "./layout.ts";

/** What the search page's address says. */
export interface ListAddress {
  readonly q?: string | undefined;
  readonly tag?: string | undefined;
  readonly venue?: string | undefined;
  readonly year?: number | undefined;
  readonly runs?: boolean | undefined;
  readonly reproduced?: boolean | undefined;
  readonly page?: number | undefined;
}

/** The search page's address with these in it. */
export function listPath(address: ListAddress): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(address))
    if (value !== undefined && value !== false && value !== "" && !(name === "page" && value === 1))
      query.set(name, value === true ? "yes" : String(value));
  const text = query.toString();
  return text === "" ? "/search" : `/search?${text}`;
}

/** Nothing for a paper without tags. */
export function tagList(tags: readonly string[]): Html | "" {
  if (tags.length === 0) return "";
  return html`<ul class="tags" aria-label="Tags">${tags.map((tag) => html`<li><a href="${listPath({ tag })}">${tag}</a></li>`)}</ul>`;
}
