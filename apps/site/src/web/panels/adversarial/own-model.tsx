// An ONNX file of the reader's: what it is is told as soon as it is there, and what it cannot do here.
import { useRef } from "preact/hooks";
import { largestModel, type ModelFacts, namesOf } from "../../../run/adversarial/own-files.ts";
import { FileDrop } from "../../file-drop.tsx";
import type { ControlProps } from "../../panel.ts";
import { keepModel, modelOf } from "./own.ts";
import { inspect } from "./worker.ts";

/** The control of the input "model". */
export function OwnModelDrop({ value, onChange, set, disabled }: ControlProps) {
  const kept = modelOf(value);
  const latest = useRef(onChange);
  latest.current = onChange;

  async function take(file: File) {
    const { name } = file;
    const tell = (more: Partial<Parameters<typeof keepModel>[0]>, at?: string) => {
      const model = { file: { name, bytes }, facts: null, problem: null, names: "", ...more };
      const key = keepModel(model, at);
      latest.current(key);
      return key;
    };
    let bytes = new Uint8Array();
    if (file.size > largestModel) {
      tell({
        problem: `${name} is ${Math.round(file.size / 1e6)} MB; at most 200 MB are taken here. The command line takes any.`,
      });
      return;
    }
    bytes = new Uint8Array(await file.arrayBuffer());
    const key = tell({});
    try {
      const facts = await inspect({ name, bytes });
      if (modelOf(key)) tell({ facts }, key); // another may have been dropped meanwhile
    } catch (error) {
      if (modelOf(key)) tell({ problem: (error as Error).message }, key);
    }
  }

  return (
    <div class="own-model">
      <FileDrop
        label={kept ? `Your model: ${kept.file.name}. Choose another` : "Choose an ONNX file"}
        accept=".onnx"
        disabled={disabled}
        chosen={kept !== undefined && kept.problem === null}
        onFile={take}
      >
        {kept ? <b>{kept.file.name}</b> : <span>Drop an .onnx file here, or choose one. It stays in this page.</span>}
        {kept?.facts && <span class="small"> {inWords(kept.facts, kept.file.bytes.length)}</span>}
        {kept && !kept.facts && kept.problem === null && <span class="small"> being read …</span>}
      </FileDrop>
      {kept?.facts?.noGradient && (
        <p class="small" role="status">
          Its operator “{kept.facts.noGradient.op}” (node “{kept.facts.noGradient.node}”) has no gradient here. Two
          attacks need none:{" "}
          {(["square", "hopskipjump"] as const).map((attack) => (
            <button key={attack} type="button" class="plain-button" disabled={disabled} onClick={() => set({ attack })}>
              {attack === "square" ? "Square" : "HopSkipJump"}
            </button>
          ))}
        </p>
      )}
      {kept?.facts && (
        <details>
          <summary>Names of its labels{namesOf(kept.names).length > 0 && `: ${namesOf(kept.names).length}`}</summary>
          <textarea
            rows={4}
            spellcheck={false}
            aria-label="Names of the labels, one a line, in their order"
            placeholder={"one a line, in their order"}
            value={kept.names}
            disabled={disabled}
            onInput={({ currentTarget }) => {
              keepModel({ ...kept, names: currentTarget.value }, value);
              onChange(value);
            }}
          />
        </details>
      )}
    </div>
  );
}

/** "images of 3 × 224 × 224, 1,000 labels, 46.8 MB". */
function inWords({ shape, classes, nhwc }: ModelFacts, bytes: number): string {
  const size = shape.map((dim) => (dim === 0 ? "?" : dim)).join(" × ");
  const labels = classes === null ? "" : `, ${classes.toLocaleString("en")} labels`;
  return `images of ${size}${nhwc ? ", channels last" : ""}${labels}, ${sizeText(bytes)}`;
}

const sizeText = (bytes: number): string =>
  bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
