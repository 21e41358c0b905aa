// The slot of the run panel: a stored result for everybody; the panel itself is put in by the page's script.
import { html } from "hono/html";
import type { StoredRun } from "../content-format.ts";
import type { Html } from "./layout.ts";

/** The section `#run`: nothing when the paper has neither a panel nor a stored run. */
export function runSection(bibtexKey: string, panel: string | undefined, run: StoredRun | null): Html | "" {
  if (!panel && !run) return "";
  return html`<section class="run" id="run" aria-labelledby="run-title"${panel ? html` data-panel="${panel}"` : ""}>
<h2 id="run-title">Run it here</h2>
${
  panel
    ? html`<p class="without-scripts">The method runs in your browser with scripts; without them, this is a run that was stored.</p>
<div class="panel-live"></div>`
    : ""
}
<div class="panel-stored">${run ? storedRun(bibtexKey, run) : html`<p class="small">No run is stored yet.</p>`}</div>
</section>`;
}

function storedRun(bibtexKey: string, { title, caption, command, machine, date, image, table }: StoredRun): Html {
  return html`<h3>${title}</h3>
<figure>
${
  image
    ? html`<img src="/content/${bibtexKey}/run/${image.file}" width="${image.width}" height="${image.height}" alt="${image.alt}">`
    : ""
}
<figcaption>${caption} Stored run of <code>${command}</code> on ${machine}, ${date.slice(0, 10)}.</figcaption>
</figure>
${
  table
    ? html`<div class="scroll"><table>
<thead><tr>${table.columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${table.rows.map((row) => html`<tr>${row.map((value) => html`<td>${value}</td>`)}</tr>`)}</tbody>
</table></div>`
    : ""
}`;
}
