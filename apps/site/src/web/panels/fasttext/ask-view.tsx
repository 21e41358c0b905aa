// Asking a model as one types: labels as bars, and why.
import type { Prediction } from "@reprise/fasttext";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Classification } from "../../../run/fasttext/classify.ts";
import type { LanguageInputs } from "../../../run/fasttext/inputs.ts";
import { ResultView } from "../../panel-views.tsx";
import { Reasons } from "./reasons.tsx";
import { languageName, percent } from "./wording.ts";
import { classifyText, nameLanguage } from "./worker.ts";

interface Props<First> {
  readonly first: First;
  readonly inputs: LanguageInputs;
}

/** The trained classifier. */
export function AskLabels({ first, inputs }: Props<Classification>) {
  const [phrase, type, answer, problem] = useAnswers(classifyText, inputs, first);
  const { reasons, labels } = answer;
  return (
    <section class="ask" aria-label="Classification">
      <Question phrase={phrase} onType={type} label="Classify another text" problem={problem} />
      {reasons.length === 0 ? (
        <p>No word of this text occurs in the lines: nothing speaks for any label.</p>
      ) : (
        <>
          <Bars caption={`The best of ${labels} labels`} items={reasons} />
          <Reasons reasons={reasons} labels={labels} />
        </>
      )}
    </section>
  );
}

/** The authors' model of 176 languages. */
export function AskLanguage({ first, inputs }: Props<readonly Prediction[]>) {
  const [phrase, type, answer, problem] = useAnswers(nameLanguage, inputs, first);
  const items = answer.map(({ label, probability }) => ({ label: languageName(label), probability }));
  return (
    <section class="ask" aria-label="Language">
      <Question phrase={phrase} onType={type} label="Another text" problem={problem} />
      {items.length > 0 && <Bars caption="Of 176 languages" items={items} />}
      <p class="small">
        The authors’ <a href="https://fasttext.cc/docs/en/language-identification.html">compressed model lid.176.ftz</a>
        , 938 kB, <a href="https://creativecommons.org/licenses/by-sa/3.0/">CC BY-SA 3.0</a>.
      </p>
    </section>
  );
}

function Question(props: { phrase: string; onType: (text: string) => void; label: string; problem: string | null }) {
  const id = useId();
  return (
    <div class="question">
      <label for={id}>{props.label}</label>
      <textarea
        id={id}
        rows={2}
        maxLength={1000}
        value={props.phrase}
        onInput={({ currentTarget }) => props.onType(currentTarget.value)}
      />
      {props.problem !== null && (
        <p class="panel-error" role="alert">
          {props.problem}
        </p>
      )}
    </div>
  );
}

function Bars({ caption, items }: { caption: string; items: readonly Prediction[] }) {
  const [best] = items;
  return (
    <>
      <ResultView
        view={{
          kind: "bars",
          caption,
          items: items.map(({ label, probability }, i) => ({
            label,
            value: probability,
            text: percent(probability),
            marked: i === 0,
          })),
        }}
      />
      <p class="hidden" role="status">
        {best && `${best.label}, ${percent(best.probability)}`}
      </p>
    </>
  );
}

/** The text in the box and the model's answer to it, which follows within a fifth of a second. */
function useAnswers<Answer>(
  ask: (question: LanguageInputs) => Promise<Answer>,
  { phrase: given, k }: LanguageInputs,
  first: Answer,
) {
  const [phrase, setPhrase] = useState(given);
  const [answer, setAnswer] = useState(first);
  const [problem, setProblem] = useState<string | null>(null);
  const latest = useRef(given);
  useEffect(() => {
    if (phrase === latest.current) return;
    const timer = setTimeout(() => {
      latest.current = phrase;
      ask({ phrase, k }).then(
        (next) => {
          if (latest.current !== phrase) return; // a later text is on its way
          setAnswer(next);
          setProblem(null);
        },
        (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
      );
    }, 150);
    return () => clearTimeout(timer);
  }, [phrase, ask, k]);
  return [phrase, setPhrase, answer, problem] as const;
}
