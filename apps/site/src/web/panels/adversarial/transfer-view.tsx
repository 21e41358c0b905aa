// The transfer matrix: whose images fool whom, as a table whose cells are as red as their number is high.
import "../../styles/transfer.css";
import { titleOf } from "../../../run/adversarial/inputs.ts";
import type { TransferResult } from "../../../run/adversarial/transfer.ts";
import { decimal, milliseconds } from "./wording.ts";

/** Grows row by row while it runs. */
export function TransferView({ result }: { readonly result: TransferResult }) {
  const { columns, rows, images, time } = result;
  const [low, high] = widest(images);
  return (
    <div class="attack">
      <div class="scroll">
        <table class="matrix">
          <caption class="hidden">Share of images that each network gets wrong</caption>
          <thead>
            <tr>
              <th scope="col">
                Images made for <span aria-hidden="true">↓</span>
              </th>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {titleOf(name)}
                </th>
              ))}
              <th scope="col">distortion</th>
            </tr>
          </thead>
          <tbody>
            {["clean", ...columns, "noise"].map((name) => {
              const row = rows.find((row) => row.name === name);
              return (
                <tr key={name} class={columns.includes(name) ? undefined : "control"}>
                  <th scope="row">{rowName(name)}</th>
                  {columns.map((column, i) => {
                    const cell = row?.errors[i];
                    return (
                      <td
                        key={column}
                        class={name === column ? "own" : undefined}
                        style={{ "--share": cell?.rate ?? 0 }}
                      >
                        {cell ? `${Math.round(100 * cell.rate)} %` : "·"}
                      </td>
                    );
                  })}
                  <td class="plain">{row && name !== "clean" ? decimal(row.distortion) : ""}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="small">
        Each cell is the share of {images} test images that the network at the top gets wrong. Every image is aimed at
        one random wrong digit by the paper’s attack on the network at the left, so the diagonal says whether the attack
        succeeds, and everything off it whether the result travels. “Noise” is Gaussian, with the mean distortion of the
        rows above. So few images tell little: 50 % of {images} is anything from {low} to {high} % (95 %). It took{" "}
        {milliseconds(time)}.
      </p>
    </div>
  );
}

function rowName(name: string): string {
  if (name === "clean") return "nobody: as they are";
  return name === "noise" ? "nobody: noise as large" : titleOf(name);
}

/** Wilson's interval of one half, in whole per cent. */
function widest(n: number): [number, number] {
  const z = 1.96;
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt(0.25 / n + z ** 2 / (4 * n ** 2));
  return [Math.round(100 * (0.5 - half)), Math.round(100 * (0.5 + half))];
}
