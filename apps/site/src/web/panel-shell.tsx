// Everything a run panel needs besides its method: the form, the address, progress, cancelling, keyboard, announcements.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Progress } from "../run/protocol.ts";
import { type Panel, type Parameter, progressText, type Values, type View } from "./panel.ts";
import { Runner } from "./panel-run.ts";
import { defaults, problemOf, readHash, writeHash } from "./panel-state.ts";
import { ResultView } from "./panel-views.tsx";

type Phase =
  | { readonly name: "idle" }
  | { readonly name: "running"; readonly progress: Progress | null; readonly views: readonly View[] }
  | { readonly name: "done"; readonly text: string; readonly views: readonly View[] }
  | { readonly name: "failed"; readonly message: string }
  | { readonly name: "cancelled" };
const idle: Phase = { name: "idle" };

interface Props {
  readonly panel: Panel;
  /** Called with true when there is something newer to see than the stored result. */
  readonly onLive: (live: boolean) => void;
}

/** The panel. Ctrl+Enter or Enter in a field runs, Escape cancels. */
export function PanelShell({ panel, onLive }: Props) {
  const [values, setValues] = useState<Values>(
    () => readHash(location.hash, panel.parameters) ?? defaults(panel.parameters),
  );
  const names = Object.keys(panel.parameters);
  const tabs = names.find((name) => isTabs(panel.parameters[name]!));
  const tab = tabs === undefined ? "" : String(values[tabs]);
  const [phases, setPhases] = useState<Readonly<Record<string, Phase>>>({});
  const phase = phases[tab] ?? idle;
  const runner = useMemo(() => new Runner(panel.startWorker), [panel]);
  const abort = useRef<AbortController | undefined>(undefined);
  const runButton = useRef<HTMLButtonElement>(null);
  const running = phase.name === "running";
  const applies = (name: string) => panel.applies?.(name, values) ?? true;
  const presets = (panel.presets ?? []).filter(
    ({ values: { [tabs ?? ""]: other = tab }, suits }) => other === tab && (suits?.(values) ?? true),
  );
  const settings = names.filter((name) => name !== tabs && applies(name));
  const problems = new Map(
    settings.flatMap((name) => {
      const problem = problemOf(panel.parameters[name]!, values[name]!);
      return problem === null ? [] : [[name, problem] as const];
    }),
  );

  useEffect(() => {
    const follow = () => {
      const given = readHash(location.hash, panel.parameters);
      if (given && location.hash.includes("&")) setValues(given);
    };
    addEventListener("hashchange", follow);
    return () => {
      removeEventListener("hashchange", follow);
      runner.stop();
    };
  }, [panel, runner]);

  // The stored run is the first tab's.
  const first = tabs === undefined || tab === panel.parameters[tabs]!.default;
  useEffect(() => onLive(!first || phase.name !== "idle"), [onLive, first, phase.name]);

  function change(next: Values) {
    setValues(next);
    const used = names.filter((name) => panel.applies?.(name, next) ?? true);
    if (used.every((name) => problemOf(panel.parameters[name]!, next[name]!) === null))
      history.replaceState(history.state, "", writeHash(next, panel));
  }

  async function run() {
    if (running || problems.size > 0) return;
    const controller = new AbortController();
    abort.current = controller;
    const setPhase = (next: Phase | ((before: Phase) => Phase)) =>
      setPhases((all) => ({ ...all, [tab]: typeof next === "function" ? next(all[tab] ?? idle) : next }));
    history.replaceState(history.state, "", writeHash(values, panel));
    setPhase({ name: "running", progress: null, views: [] });
    try {
      const result = await runner.run(panel.toMessage?.(values) ?? values, {
        signal: controller.signal,
        onProgress: (progress) => {
          const views = progress.partial === undefined ? undefined : panel.partialViews?.(progress.partial, values);
          setPhase((before) => ({
            name: "running",
            progress,
            views: views ?? (before.name === "running" ? before.views : []),
          }));
        },
      });
      setPhase({ name: "done", text: panel.announce(result, values), views: panel.views(result, values) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      setPhase(controller.signal.aborted ? { name: "cancelled" } : { name: "failed", message });
    }
  }

  function cancel() {
    abort.current?.abort(new Error("cancelled"));
    runButton.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape" && running) cancel();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
    else return;
    event.preventDefault();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: shortcuts of the controls inside
    <div onKeyDown={onKeyDown}>
      <p class="intro">{panel.intro}</p>
      <form
        class="panel-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        {tabs !== undefined && (
          <Tabs
            name={tabs}
            parameter={panel.parameters[tabs] as TabsParameter}
            value={tab}
            disabled={running}
            onChange={(value) => change({ ...values, [tabs]: value })}
          />
        )}
        <fieldset class="fields">
          <legend class="hidden">Settings</legend>
          {settings.map((name) => (
            <Field
              key={name}
              name={name}
              parameter={panel.parameters[name]!}
              value={values[name]!}
              problem={problems.get(name) ?? null}
              disabled={running}
              onChange={(value) => change({ ...values, [name]: value })}
              set={(others) => change({ ...values, ...others })}
            />
          ))}
        </fieldset>
        {presets.length > 0 && (
          <div class="presets">
            <span class="label">Try</span>
            {presets.map((preset) => (
              <button
                key={preset.label}
                type="button"
                disabled={running}
                onClick={() => change({ ...values, ...(preset.values as Values) })}
              >
                {preset.label}
              </button>
            ))}
          </div>
        )}
        <div class="actions">
          <button ref={runButton} class="primary" type="submit" aria-disabled={running || problems.size > 0}>
            Run
          </button>
          <button type="button" disabled={!running} onClick={cancel}>
            Cancel
          </button>
          {panel.downloadBytes !== undefined && (
            <span class="small">The first run loads {(panel.downloadBytes / 1e6).toFixed(1)} MB.</span>
          )}
        </div>
      </form>
      {running && <ProgressBar progress={phase.progress} />}
      <p class="panel-status" data-phase={phase.name}>
        {visibleStatus(phase)}
      </p>
      <Announcer text={spokenStatus(phase)} />
      {phase.name === "failed" && (
        <p class="panel-error" role="alert">
          {phase.message}
        </p>
      )}
      {(phase.name === "done" || phase.name === "running") && phase.views.length > 0 && (
        <div class="panel-results" aria-busy={running}>
          {phase.views.map((view, i) => (
            <ResultView key={i} view={view} />
          ))}
        </div>
      )}
    </div>
  );
}

type TabsParameter = Extract<Parameter<unknown>, { kind: "choice" }>;
const isTabs = (parameter: Parameter<unknown>) => parameter.kind === "choice" && parameter.look === "tabs";

interface TabsProps {
  readonly name: string;
  readonly parameter: TabsParameter;
  readonly value: string;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
}

/** What the panel does, as radio buttons that look like tabs: the arrows move between them. */
function Tabs({ name, parameter: { label, options }, value, disabled, onChange }: TabsProps) {
  return (
    <fieldset class="tabs">
      <legend class="hidden">{label}</legend>
      {(options as readonly { value: string; label: string }[]).map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            class="hidden"
            name={`run-${name}`}
            value={option.value}
            checked={option.value === value}
            disabled={disabled}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}

interface FieldProps {
  readonly name: string;
  readonly parameter: Parameter<unknown>;
  readonly value: string | number;
  readonly problem: string | null;
  readonly disabled: boolean;
  readonly onChange: (value: string | number) => void;
  readonly set: (values: Values) => void;
}

function Field({ name, parameter, value, problem, disabled, onChange, set }: FieldProps) {
  const id = `run-${name}`;
  const hint = parameter.kind === "number" ? parameter.hint : undefined;
  const described = [...(hint ? [`${id}-hint`] : []), ...(problem === null ? [] : [`${id}-problem`])];
  const about = {
    id,
    "aria-invalid": problem !== null,
    "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
  };
  const { label } = parameter;
  return (
    <div class="field">
      {parameter.kind === "custom" ? (
        <span class="label" id={`${id}-label`}>
          {label}
        </span>
      ) : (
        <label for={id}>{label}</label>
      )}
      {parameter.kind === "number" && (
        <input
          {...about}
          type="number"
          min={parameter.min}
          max={parameter.max}
          step={parameter.step ?? 1}
          value={Number.isNaN(value) ? "" : value}
          disabled={disabled}
          onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
        />
      )}
      {parameter.kind === "choice" && (
        <select
          {...about}
          value={value}
          disabled={disabled}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        >
          {parameter.options.map((option) => (
            <option key={option.value as string} value={option.value as string}>
              {option.label}
            </option>
          ))}
        </select>
      )}
      {parameter.kind === "custom" && (
        <parameter.control
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

function ProgressBar({ progress }: { progress: Progress | null }) {
  const known = progress !== null && progress.total !== null && progress.total > 0;
  return (
    <progress
      aria-label="Progress of the run"
      {...(known ? { value: progress.done, max: progress.total as number } : {})}
    />
  );
}

/** The polite live region; while running it speaks at most every four seconds, not at every step. */
function Announcer({ text }: { text: string }) {
  const [spoken, setSpoken] = useState("");
  const latest = useRef(text);
  latest.current = text;
  const urgent = !text.includes("%");
  useEffect(() => {
    if (urgent) setSpoken(text);
  }, [text, urgent]);
  useEffect(() => {
    const timer = setInterval(() => setSpoken(latest.current), 4000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="hidden" role="status">
      {spoken}
    </p>
  );
}

function visibleStatus(phase: Phase): string {
  switch (phase.name) {
    case "idle":
    case "failed":
      return "";
    case "running":
      return phase.progress ? progressText(phase.progress) : "Starting …";
    case "done":
      return phase.text;
    case "cancelled":
      return "Cancelled.";
  }
}

function spokenStatus(phase: Phase): string {
  return phase.name === "running" && !phase.progress ? "Running." : visibleStatus(phase);
}
