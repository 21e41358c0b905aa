// A text to be classified.
import type { ControlProps } from "../../panel.ts";

const longest = 1000;

export function phraseProblem(value: string): string | null {
  if (value.trim() === "") return "Type a text.";
  return value.length > longest ? `${value.length} characters; at most ${longest} are classified here.` : null;
}

export function PhraseField({ value, onChange, labelledBy, disabled }: ControlProps) {
  return (
    <textarea
      class="phrase-field"
      rows={2}
      aria-labelledby={labelledBy}
      value={value}
      disabled={disabled}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
