// A page that says one thing: what was done, or why it was not.
import { html } from "hono/html";
import { type Frame, type Html, page } from "./layout.ts";

export function messagePage(frame: Frame, title: string, text: string | Html, more?: Html): Promise<string> {
  return page(
    frame,
    { title, description: title, path: null },
    html`<div class="prose"><h1>${title}</h1>
<p>${text}</p>
${more ?? html`<p><a href="/">All papers</a></p>`}</div>`,
  );
}
