// The 404 page.
import { html } from "hono/html";
import { type Frame, page } from "./layout.ts";

/** Says what was not found, and where everything is. */
export function notFoundPage(frame: Frame, what: string): Promise<string> {
  return page(
    frame,
    { title: "Not found", description: "This page does not exist.", path: null },
    html`<h1>Not found</h1>
<p>${what}</p>
<p><a href="/">All papers</a></p>`,
  );
}

/** A key that leads to no paper: whoever knows the paper can add it. */
export function noPaperPage(frame: Frame, key: string): Promise<string> {
  return page(
    frame,
    { title: "Not found", description: "This page does not exist.", path: null },
    html`<h1>Not found</h1>
<p>There is no paper with the BibTeX key “${key}”.</p>
<p><a href="/add?key=${encodeURIComponent(key)}">Add it</a>, or see <a href="/">all papers</a>.</p>`,
  );
}
