// One cycle hop by hop: the frame u, its soft nearest neighbour ṽ in the other video, and β, where it comes back.
import { useId, useState } from "preact/hooks";
import { type CycleInputs, cycleFrames } from "../../../run/tcc/inputs.ts";
import type { CycleResult } from "../../../run/tcc/learn.ts";
import { ResultView } from "../../panel-views.tsx";
import { cycleSentence } from "./wording.ts";
import { cycle } from "./worker.ts";

export function CycleView({ first, inputs }: { readonly first: CycleResult; readonly inputs: CycleInputs }) {
  const [asked, setAsked] = useState(inputs);
  const [result, setResult] = useState(first);
  const ids = { start: useId(), temperature: useId() };
  async function change(next: CycleInputs) {
    setAsked(next);
    setResult(await cycle(next));
  }
  const { videos, softNeighbour, alpha, beta, truth } = result;
  const [U, V] = videos;
  const u = U[asked.start]!;
  // A plane of 3 by 2.4, both axes alike.
  const x = (value: number) => 100 * (value + 1.5);
  const y = (value: number) => 100 * (1.35 - value);
  const line = (points: readonly (readonly [number, number])[]) =>
    points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ");
  const most = Math.max(...alpha);
  return (
    <section class="cycle-view" aria-label="The cycle">
      <div class="fields">
        <div class="field">
          <label for={ids.start}>Frame u that it starts from: {asked.start}</label>
          <input
            id={ids.start}
            type="range"
            min={0}
            max={cycleFrames[0] - 1}
            value={asked.start}
            onInput={({ currentTarget }) => change({ ...asked, start: Number(currentTarget.value) })}
          />
        </div>
        <div class="field">
          <label for={ids.temperature}>Temperature: {asked.temperature}</label>
          <input
            id={ids.temperature}
            type="range"
            min={-3}
            max={0}
            step={0.05}
            value={Math.log10(asked.temperature)}
            onInput={({ currentTarget }) =>
              change({ ...asked, temperature: Number((10 ** Number(currentTarget.value)).toPrecision(2)) })
            }
          />
        </div>
      </div>
      <figure>
        <svg
          class="plane"
          viewBox="0 0 300 240"
          role="img"
          aria-label="Embeddings of both videos in a plane, the frame u, and its soft nearest neighbour in the second video"
        >
          <polyline points={line(U)} class="first" />
          <polyline points={line(V)} class="second" />
          {U.map(([a, b], k) => (
            <circle key={k} cx={x(a)} cy={y(b)} r={2} class="first" />
          ))}
          {V.map(([a, b], k) => (
            <circle key={k} cx={x(a)} cy={y(b)} r={2 + 5 * (alpha[k]! / most)} class="second" />
          ))}
          <line x1={x(u[0])} y1={y(u[1])} x2={x(softNeighbour[0])} y2={y(softNeighbour[1])} class="hop" />
          <circle cx={x(u[0])} cy={y(u[1])} r={5} class="u" />
          <text x={x(u[0]) - 3} y={y(u[1]) + 18}>
            u
          </text>
          <rect x={x(softNeighbour[0]) - 4} y={y(softNeighbour[1]) - 4} width={8} height={8} class="soft" />
          <text x={x(softNeighbour[0]) - 4} y={y(softNeighbour[1]) - 10}>
            ṽ
          </text>
        </svg>
        <figcaption>
          The first video is the solid line, the second the dashed one; its discs are as large as α says. ṽ is their
          mean.
        </figcaption>
      </figure>
      <ResultView
        view={{
          kind: "line",
          caption: "β: where the cycle comes back in the first video",
          x: "time, as a share of the video",
          y: "β",
          lines: [
            { name: "β", points: beta.map((p, k) => [k / beta.length, p] as const) },
            { name: "the start", points: [[truth, 0] as const, [truth, Math.max(...beta)] as const] },
          ],
          xDomain: [0, 1],
        }}
      />
      <p role="status">{cycleSentence(result)}</p>
    </section>
  );
}
