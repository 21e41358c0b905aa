// A field for a few numbers with commas, one a channel, or none.
import { numbersOf } from "../../../run/adversarial/own-files.ts";
import type { ControlProps, Input } from "../../panel.ts";

export const numbersField = (label: string): Input<string> => ({
  kind: "custom",
  label,
  default: "",
  check: (value) => {
    try {
      numbersOf(value);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  },
  control: NumbersControl,
});

function NumbersControl({ value, onChange, labelledBy, disabled }: ControlProps) {
  return (
    <input
      type="text"
      placeholder="none"
      aria-labelledby={labelledBy}
      value={value}
      disabled={disabled}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
