// Which output of a model holds the scores, and what one score for two labels stands for.
import { type InterfaceValue, ModelError, type OnnxInterface } from "@reprise/engine";
import { ModelOptionError } from "./model-input.ts";

const floats = ["float32", "float16", "bfloat16", "float64"];

/** The output of scores: the one that is named, or the only one of floating point numbers. Names of classes are passed over. */
export function scoresOutput(
  { outputs }: OnnxInterface,
  name: string,
  wanted: string | undefined,
): InterfaceValue & { readonly output: string } {
  const names = outputs.map((output) => output.name).join(", ");
  const named = outputs.find((output) => output.name === wanted);
  if (wanted !== undefined && !named)
    throw new ModelError(`${name}: it has no output "${wanted}"; its outputs are ${names}.`);
  const scores = outputs.filter(({ dtype }) => dtype === null || floats.includes(dtype)).filter(({ other }) => !other);
  const chosen = named ?? (scores.length === 1 ? scores[0] : outputs.length === 1 ? outputs[0] : undefined);
  if (!chosen && scores.length === 0)
    throw new ModelError(
      `${name}: none of its outputs holds numbers (${outputs.map(described).join(", ")}); a classifier with scores [N, K] is ` +
        "needed. Export it without the step that makes maps or names of them.",
    );
  if (!chosen)
    throw new ModelOptionError(
      `${name}: it has ${outputs.length} outputs (${names}); say which holds the scores.`,
      "output",
    );
  if (chosen.other || (chosen.dtype !== null && !floats.includes(chosen.dtype)))
    throw new ModelError(
      `${name}: its output "${chosen.name}" is ${chosen.other ?? chosen.dtype}, expected scores: floating point numbers, [N, K].`,
    );
  return { ...chosen, output: chosen.name };
}

const described = ({ name, dtype, other }: InterfaceValue): string => `${name}: ${other ?? dtype ?? "unknown"}`;

/** The two scores, 0 and log p/(1 − p), of one probability; or 0 and z of one score. */
export function oddsOf(value: number, probability: boolean): readonly [number, number] {
  return [0, probability ? Math.log(Math.max(value, 1e-30)) - Math.log(Math.max(1 - value, 1e-30)) : value];
}
