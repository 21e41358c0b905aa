// An ONNX classifier of digits of the reader's: it stays in the page.
import { FileDrop } from "../../file-drop.tsx";
import type { ControlProps } from "../../panel.ts";

/** Largest file that is taken; the command line takes any. */
const largest = 50e6;

interface Kept {
  readonly name: string;
  readonly bytes: Uint8Array;
}

let given = 0;
let kept: { readonly key: string; readonly model: Kept } | undefined;

/** The model under the value that stands for it. */
export const ownModel = (value: string): Kept | undefined => (kept?.key === value ? kept.model : undefined);

export const ownModelProblem = (value: string): string | null =>
  value === "" || ownModel(value) === undefined ? "Choose an ONNX file: it stays in this page." : null;

export function OwnModelDrop({ value, onChange, disabled }: ControlProps) {
  const model = ownModel(value);
  async function take(file: File) {
    if (file.size > largest) return;
    const key = `b${++given}`;
    kept = { key, model: { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } };
    onChange(key);
  }
  return (
    <FileDrop
      label={model ? `Your model: ${model.name}. Choose another` : "Choose an ONNX file"}
      accept=".onnx"
      disabled={disabled}
      chosen={model !== undefined}
      onFile={take}
    >
      {model ? (
        <b>{model.name}</b>
      ) : (
        <span>
          Drop a classifier of 28 × 28 digits here, or choose one, up to 50 MB. Float weights are quantised to 8 bits.
          It stays in this page.
        </span>
      )}
    </FileDrop>
  );
}
