// Choosing a digit: a sheet of MNIST test digits, as radio buttons, and a place to draw one.
import { useEffect, useState } from "preact/hooks";
import { type Digit, digitsUrl, readDigits, testIndices } from "../../../run/adversarial/digits.ts";
import { decodeDrawing } from "../../../run/adversarial/drawing-code.ts";
import type { ControlProps } from "../../panel.ts";
import { DrawingPad } from "./drawing-pad.tsx";
import { releaseImage } from "./own.ts";
import { OwnImageDrop } from "./own-image.tsx";
import { Pixels } from "./pictures.tsx";

let loading: Promise<ReadonlyMap<string, Digit>> | undefined;

function loadDigits(): Promise<ReadonlyMap<string, Digit>> {
  loading ??= fetch(digitsUrl)
    .then((response) => response.arrayBuffer())
    .then((bytes) => readDigits(new Uint8Array(bytes)));
  return loading;
}

/** The control of the input "digit"; its value is `t7` for a test image, `d…` for a drawing, `f…` for a file. */
export function DigitPicker({ value, onChange, labelledBy, disabled }: ControlProps) {
  const [digits, setDigits] = useState<ReadonlyMap<string, Digit>>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    loadDigits().then(setDigits, (error: Error) => setProblem(`The digits could not be loaded: ${error.message}`));
  }, []);
  const drawn = value.startsWith("d");
  const ownImage = value.startsWith("f");
  useEffect(() => {
    if (!ownImage) releaseImage();
  }, [ownImage]);
  return (
    <div class="digit-picker">
      <div class="sheet" role="radiogroup" aria-labelledby={labelledBy}>
        {testIndices.map((index, row) => {
          const name = `t${index}`;
          const digit = digits?.get(name);
          const label = Math.floor(row / 3);
          return (
            <label key={name} class="tile" style={{ "--column": label + 1, "--row": (row % 3) + 1 }}>
              <input
                type="radio"
                class="hidden"
                name="run-digit-choice"
                value={name}
                checked={value === name}
                disabled={disabled}
                aria-label={`${label}, number ${(row % 3) + 1} of 3`}
                onChange={() => onChange(name)}
              />
              {digit && <Pixels pixels={digit.pixels} alt={null} />}
            </label>
          );
        })}
      </div>
      <DrawingPad
        pixels={drawn ? decodeDrawing(value.slice(1)) : null}
        chosen={drawn}
        disabled={disabled}
        onDraw={(code) => onChange(code === null ? `t${testIndices[21]!}` : `d${code}`)}
      />
      <OwnImageDrop value={ownImage ? value : null} disabled={disabled} onChange={onChange} />
      <p class="small credit">
        Digits: <a href="http://yann.lecun.com/exdb/mnist/">MNIST</a>, Y. LeCun and C. Cortes, CC BY-SA 3.0.
      </p>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
