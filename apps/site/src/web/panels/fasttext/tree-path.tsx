// The way through the Huffman tree to a label: a turn left or right at each inner node.
import type { Reason } from "../../../run/fasttext/classify.ts";
import { count, percent } from "./wording.ts";

const stepX = 16;
const stepY = 15;

export function TreePath({ reason: { label, path, probability }, labels }: { reason: Reason; labels: number }) {
  const nodes = [{ x: 0, y: 0 }];
  for (const [i, { right }] of path.entries()) nodes.push({ x: nodes[i]!.x + (right ? 1 : -1), y: i + 1 });
  const low = Math.min(...nodes.map((node) => node.x)) - 1;
  const high = Math.max(...nodes.map((node) => node.x)) + 1;
  const at = (node: { x: number; y: number }) => [(node.x - low) * stepX + 6, node.y * stepY + 8] as const;
  const [width, height] = [(high - low) * stepX + 12, path.length * stepY + 16];
  return (
    <div class="tree-path">
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        {path.map(({ right }, i) => {
          const [x1, y1] = at(nodes[i]!);
          const [x2, y2] = at(nodes[i + 1]!);
          const [x3, y3] = at({ x: nodes[i]!.x + (right ? -1 : 1), y: i + 1 });
          return (
            <g key={i}>
              <line class="other" x1={x1} y1={y1} x2={x3} y2={y3} />
              <line class="taken" x1={x1} y1={y1} x2={x2} y2={y2} />
            </g>
          );
        })}
        {nodes.map((node, i) => {
          const [cx, cy] = at(node);
          return <circle key={i} class={i === path.length ? "leaf" : "node"} cx={cx} cy={cy} r="4" />;
        })}
      </svg>
      <table>
        <caption class="small">
          {path.length} turns instead of {count(labels)} scores. The probabilities of the turns multiply to{" "}
          {percent(probability)}.
        </caption>
        <thead>
          <tr>
            <th scope="col">Turn</th>
            <th scope="col">Probability</th>
            <th scope="col">Labels left</th>
          </tr>
        </thead>
        <tbody>
          {path.map(({ right, probability: p, labelsLeft }, i) => (
            <tr key={i}>
              <th scope="row">
                {i + 1}, {right ? "right" : "left"}
              </th>
              <td>{percent(p)}</td>
              <td>{labelsLeft === 1 ? label : count(labelsLeft)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
