// The controls of a run panel: tabs, one field an input.
import type { Input, Values } from "./panel-inputs.ts";

interface TabsProps {
  readonly tasks: readonly { readonly name: string; readonly label: string }[];
  readonly chosen: string;
  readonly disabled: boolean;
  readonly onChange: (name: string) => void;
}

/** What the panel does, as radio buttons that look like tabs: the arrows move between them. */
export function Tabs({ tasks, chosen, disabled, onChange }: TabsProps) {
  return (
    <fieldset class="tabs">
      <legend class="hidden">What to do</legend>
      {tasks.map(({ name, label }) => (
        <label key={name}>
          <input
            type="radio"
            class="hidden"
            name="run-task"
            value={name}
            checked={name === chosen}
            disabled={disabled}
            onChange={() => onChange(name)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

interface FieldProps {
  readonly name: string;
  readonly input: Input<unknown>;
  readonly value: string | number;
  readonly problem: string | null;
  readonly disabled: boolean;
  readonly onChange: (value: string | number) => void;
  readonly set: (values: Values) => void;
}

/** One input with its label, its hint and what is wrong with it. */
export function Field({ name, input, value, problem, disabled, onChange, set }: FieldProps) {
  const id = `run-${name}`;
  const hint = input.kind === "number" ? input.hint : undefined;
  const described = [...(hint ? [`${id}-hint`] : []), ...(problem === null ? [] : [`${id}-problem`])];
  const about = {
    id,
    "aria-invalid": problem !== null,
    "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
  };
  const { label } = input;
  return (
    <div class="field">
      {input.kind === "custom" ? (
        <span class="label" id={`${id}-label`}>
          {label}
        </span>
      ) : (
        <label for={id}>{label}</label>
      )}
      {input.kind === "number" && (
        <input
          {...about}
          type="number"
          min={input.min}
          max={input.max}
          step={input.step ?? 1}
          value={Number.isNaN(value) ? "" : value}
          disabled={disabled}
          onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
        />
      )}
      {input.kind === "choice" && (
        <select
          {...about}
          value={value}
          disabled={disabled}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        >
          {input.options.map((option) => (
            <option key={option.value as string} value={option.value as string}>
              {option.label}
            </option>
          ))}
        </select>
      )}
      {input.kind === "custom" && (
        <input.control
          value={String(value)}
          onChange={onChange}
          set={set}
          labelledBy={`${id}-label`}
          disabled={disabled}
        />
      )}
      {hint && (
        <p class="small" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem !== null && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}
