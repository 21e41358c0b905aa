// The page of a paper whose folder was taken out of the content.
import { html } from "hono/html";
import { type Frame, page } from "./layout.ts";

/** Says that there was a paper of this key, and no more of it. */
export function withdrawnPage(frame: Frame, bibtexKey: string): Promise<string> {
  return page(
    frame,
    { title: "Withdrawn", description: "This paper's page was withdrawn.", path: null },
    html`<h1>Withdrawn</h1>
<p>The page of the paper with the BibTeX key “${bibtexKey}” was withdrawn from this site.</p>
<p><a href="/">All papers</a></p>`,
  );
}
