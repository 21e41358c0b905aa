// Claimed beside reproduced: two columns that never mix, every number with where it comes from.
import { html } from "hono/html";
import { agreementOf } from "../agreement.ts";
import type { ResultTable } from "../content-format.ts";
import type { Html } from "./layout.ts";

type Row = ResultTable["rows"][number];

/** All result tables of a paper; nothing when it has none. */
export function resultsSection(tables: readonly ResultTable[]): Html | "" {
  if (tables.length === 0) return "";
  const open = tables.flatMap(({ rows }) => rows.filter((row) => !row.reproduced && row.command));
  const [command] = open.map((row) => row.command);
  const once = open.length > 1 && open.every((row) => row.command === command); // then not in every row again
  return html`<section class="results" aria-labelledby="results">
<h2 id="results">Claimed and reproduced</h2>
<p>Left, what the paper prints and where. Right, what this code measured, with its 95 % interval and everything needed to measure it again: <span class="agrees">green</span> where the claim lies within the interval, <span class="differs">red</span> where it does not.${once ? html` Rows not yet run are those of <code>${command}</code>.` : ""}</p>
${tables.map(
  ({ caption, metric, note, rows }) => html`<div class="scroll"><table>
<caption>${caption} <span class="metric">${metric}</span>${note ? html`<p class="note">${note}</p>` : ""}</caption>
<thead><tr><th scope="col"><span class="hidden">Setting</span></th><th scope="col">Claimed</th><th scope="col" class="reproduced">Reproduced</th></tr></thead>
<tbody>
${rows.map(
  (
    row,
  ) => html`<tr><th scope="row">${row.name}</th><td>${claimedCell(row)}</td><td class="reproduced">${reproducedCell(row, !once, Boolean(note))}</td></tr>
`,
)}</tbody>
</table></div>`,
)}
</section>`;
}

function claimedCell({ claimed }: Row): Html {
  if (!claimed) return html`<span class="none">not in the paper</span>`;
  const kind = /\d/.test(claimed.value) ? "value" : "none"; // words stand for no number
  return html`<span class="${kind}">${claimed.value}</span> <span class="from">${claimed.source}</span>`;
}

/** @param forReason  the table says why it was not run */
function reproducedCell({ name, claimed, reproduced, command }: Row, showCommand: boolean, forReason: boolean): Html {
  if (!reproduced)
    return html`<span class="none">${forReason && !command ? "not run" : "not yet run"}${command && showCommand ? html`: <code>${command}</code>` : ""}</span>`;
  const { value, interval, seed, dataSha256, version, machine, seconds, date } = reproduced;
  const agreement = claimed ? agreementOf({ ...reproduced, claimed: claimed.value }) : null;
  return html`<span class="value${agreement ? ` ${agreement.kind}` : ""}">${value}</span> ${
    interval ? html`<span class="from">${interval}</span> ` : ""
  }${agreement ? html`<span class="from">${agreement.words}</span>` : ""}
<details><summary>How it was measured<span class="hidden">: ${name}</span></summary><dl>
<dt>Command</dt><dd><code>${reproduced.command}</code></dd>
<dt>Seed</dt><dd>${seed}</dd>
<dt>Data</dt><dd><code>sha256 ${dataSha256}</code></dd>
<dt>Version</dt><dd>${version}</dd>
<dt>Machine</dt><dd>${machine}</dd>
<dt>Time</dt><dd>${seconds} s</dd>
<dt>Date</dt><dd>${date}</dd>
</dl></details>`;
}
