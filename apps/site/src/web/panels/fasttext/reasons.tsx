// Why a label: the words and n-grams that speak for it, or its way through the Huffman tree.
import type { Reason } from "../../../run/fasttext/classify.ts";
import { TreePath } from "./tree-path.tsx";
import { percent } from "./wording.ts";

const mostShown = 8;

/** A block per label that can be opened; the best one is open. */
export function Reasons({ reasons, labels }: { reasons: readonly Reason[]; labels: number }) {
  return (
    <div class="reasons">
      {reasons.map((reason, i) => (
        <details key={reason.label} open={i === 0}>
          <summary>
            {reason.path.length > 0 ? "The way to" : "What speaks for"} <b>{reason.label}</b>
          </summary>
          {reason.path.length > 0 ? <TreePath reason={reason} labels={labels} /> : <Evidence reason={reason} />}
        </details>
      ))}
    </div>
  );
}

function Evidence({ reason: { evidence, probability, label } }: { reason: Reason }) {
  const strongest = [...evidence].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, mostShown);
  const shown = strongest.sort((a, b) => b.score - a.score);
  const most = Math.max(...shown.map(({ score }) => Math.abs(score)), 1e-9);
  const total = evidence.reduce((sum, { score }) => sum + score, 0);
  return (
    <table class="evidence">
      <caption class="small">
        {evidence.length > shown.length ? `The ${shown.length} strongest of ${evidence.length} parts. ` : ""}
        All parts add up to {label}’s score, {signed(total)}; softmax makes it {percent(probability)}.
      </caption>
      <thead>
        <tr>
          <th scope="col">Word or n-gram</th>
          <th scope="col">adds</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {shown.map(({ text, kind, score }, i) => (
          <tr key={i}>
            <th scope="row">{kind === "line end" ? "end of line" : text.replaceAll("⏎", "(end)")}</th>
            <td>{signed(score)}</td>
            <td>
              <svg viewBox="-50 0 100 8" width="100" height="8" aria-hidden="true">
                <rect
                  class={score < 0 ? "against" : "for"}
                  x={Math.min(0, (50 * score) / most)}
                  width={Math.abs((50 * score) / most)}
                  height="8"
                />
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
