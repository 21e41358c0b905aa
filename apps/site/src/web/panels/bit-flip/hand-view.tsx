// Flipping bits by hand: each flip is answered with the loss and the accuracy after it, and can be taken back.
import { useId, useState } from "preact/hooks";
import type { HandFlip, HandResult } from "../../../run/bit-flip/flips.ts";
import { type HandInputs, layers } from "../../../run/bit-flip/inputs.ts";
import { ResultView } from "../../panel-views.tsx";
import { bitName, percent } from "./wording.ts";
import { hand } from "./worker.ts";

export function HandView({ first, inputs }: { readonly first: HandResult; readonly inputs: HandInputs }) {
  const { network } = inputs;
  const [result, setResult] = useState(first);
  const [choice, setChoice] = useState<HandFlip>({ layer: inputs.layer, index: inputs.weight, bit: inputs.bit });
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const ids = { layer: useId(), weight: useId(), bit: useId() };

  async function ask(flips: readonly HandFlip[]) {
    setBusy(true);
    try {
      setResult(await hand({ network, flips }));
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }

  const made = result.flips.map(({ layer, index, bit }) => ({ layer, index, bit }));
  const size = layers.find(({ name }) => name === choice.layer)?.weights ?? 1;
  const { before, after, largest } = result;
  return (
    <section class="hand" aria-label="Flip more bits">
      <ResultView
        view={{
          kind: "bars",
          caption: "Test digits read right",
          items: [
            { label: "before any flip", value: before.accuracy, text: percent(before.accuracy) },
            { label: "now", value: after.accuracy, text: percent(after.accuracy), marked: true },
          ],
        }}
      />
      <p class={problem === null ? undefined : "panel-error"} role="status">
        {problem ??
          `${percent(after.accuracy)} right, mean loss ${after.loss.toFixed(3)} (${before.loss.toFixed(3)} before).`}
      </p>
      {result.flips.length > 0 && (
        <ResultView
          view={{
            kind: "table",
            caption: "Flipped by hand",
            columns: ["Layer", "Weight", "Bit", "Before", "After"],
            rows: result.flips.map((flip) => [
              flip.layer,
              String(flip.index),
              bitName(flip.bit),
              String(flip.before),
              String(flip.after),
            ]),
          }}
        />
      )}
      <div class="fields">
        <div class="field">
          <label for={ids.layer}>Layer</label>
          <select
            id={ids.layer}
            value={choice.layer}
            onChange={({ currentTarget }) => setChoice({ ...choice, layer: currentTarget.value, index: 0 })}
          >
            {layers.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for={ids.weight}>Weight, 0 to {size - 1}</label>
          <input
            id={ids.weight}
            type="number"
            min={0}
            max={size - 1}
            value={choice.index}
            onInput={({ currentTarget }) => setChoice({ ...choice, index: Number(currentTarget.value) })}
          />
        </div>
        <div class="field">
          <label for={ids.bit}>Bit</label>
          <select
            id={ids.bit}
            value={choice.bit}
            onChange={({ currentTarget }) => setChoice({ ...choice, bit: Number(currentTarget.value) })}
          >
            {[7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (
              <option key={bit} value={bit}>
                {bitName(bit)}
              </option>
            ))}
          </select>
        </div>
      </div>
      <p class="hand-buttons">
        <button type="button" disabled={busy} onClick={() => ask([...made, choice])}>
          Flip this bit
        </button>{" "}
        <button type="button" disabled={busy} onClick={() => ask([...made, largest])}>
          Flip the sign of the largest weight
        </button>{" "}
        <button type="button" disabled={busy || made.length === 0} onClick={() => ask(made.slice(0, -1))}>
          Undo the last
        </button>
      </p>
    </section>
  );
}
