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
