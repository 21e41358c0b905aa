// The lines to train on: the bundled questions, or the reader's own.
import { linesOf, ownLines } from "../../../run/fasttext/inputs.ts";
import type { ControlProps } from "../../panel.ts";

const example = `__label__tea steep the green leaves for two minutes
__label__coffee grind the beans coarse for the press
__label__tea warm the pot before the leaves go in
__label__coffee the espresso runs too fast through the grounds
__label__tea oolong likes cooler water than black leaves
__label__coffee roast the beans dark and let them rest
__label__tea a pinch of jasmine in the green pot
__label__coffee foam the milk for a flat white
__label__tea strain the leaves when the cup is amber
__label__coffee a filter takes finer grounds than a press
`;

export function LinesField({ value, onChange, labelledBy, disabled }: ControlProps) {
  const own = value !== "cooking";
  return (
    <div class="lines-field" role="radiogroup" aria-labelledby={labelledBy}>
      <label>
        <input type="radio" name="lines" checked={!own} disabled={disabled} onChange={() => onChange("cooking")} />
        15,404 cooking questions with tags
      </label>
      <label>
        <input
          type="radio"
          name="lines"
          checked={own}
          disabled={disabled}
          onChange={() => onChange(ownLines(example))}
        />
        lines of your own
      </label>
      {own ? (
        <>
          <textarea
            rows={7}
            spellcheck={false}
            aria-label="Your lines: a label, such as __label__tea, then words"
            value={linesOf(value) ?? ""}
            disabled={disabled}
            onInput={({ currentTarget }) => onChange(ownLines(currentTarget.value))}
          />
          <p class="small">
            A line: one or more labels, such as <code>__label__tea</code>, then words. Of ten lines or more, a fifth of
            each label’s, drawn at random, is held out to test with. They do not leave this page, unless you share its
            address.
          </p>
        </>
      ) : (
        <p class="small">
          Titles and tags by the users of <a href="https://cooking.stackexchange.com/">Cooking Stack Exchange</a>,{" "}
          <a href="https://creativecommons.org/licenses/by-sa/3.0/">CC BY-SA 3.0</a>. The last 3,000 are held out to
          test with.
        </p>
      )}
    </div>
  );
}
