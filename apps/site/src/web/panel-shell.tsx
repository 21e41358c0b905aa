// Everything a run panel needs besides its tasks: the form, the address, progress, cancelling, keyboard, announcements.
import { useEffect, useRef, useState } from "preact/hooks";
import { bytesToLoad, keepLoaded } from "./downloads.ts";
import type { Panel } from "./panel.ts";
import { carriedOver, firstTask, readAddress, shownInputs, writeAddress } from "./panel-address.ts";
import { Field, Tabs } from "./panel-form.tsx";
import { problemOf, type Values } from "./panel-inputs.ts";
import { Announcer, type Phase, ProgressBar, statusOf } from "./panel-status.tsx";
import { ResultView } from "./panel-views.tsx";

const idle: Phase = { name: "idle" };

interface Props {
  readonly panel: Panel;
  /** Called with true when there is something newer to see than the stored result. */
  readonly onLive: (live: boolean) => void;
}

/** The panel. Ctrl+Enter or Enter in a field runs, Escape cancels. */
export function PanelShell({ panel: { intro, tasks, worker }, onLive }: Props) {
  const [asked, setAsked] = useState(() => readAddress(location.hash, tasks) ?? firstTask(tasks));
  /** What the other tabs were left with. */
  const left = useRef<Record<string, Values>>({});
  const [phases, setPhases] = useState<Readonly<Record<string, Phase>>>({});
  const abort = useRef<AbortController | undefined>(undefined);
  const runButton = useRef<HTMLButtonElement>(null);
  const { task: tab, values, refused } = asked;
  const task = tasks[tab]!;
  const phase = phases[tab] ?? idle;
  const running = phase.name === "running";
  const shown = shownInputs(task, values);
  const problems = problemsOf(values);
  const address = writeAddress(tasks, tab, values);
  const presets = task.presets(values);
  const toLoad = bytesToLoad(task.downloads(values));

  useEffect(() => {
    const follow = () => {
      const given = readAddress(location.hash, tasks);
      if (given && location.hash.includes("&")) setAsked(given);
    };
    addEventListener("hashchange", follow);
    return () => {
      removeEventListener("hashchange", follow);
      worker.stop();
    };
  }, [tasks, worker]);

  // The stored run is the first task's.
  const first = tab === firstTask(tasks).task;
  useEffect(() => onLive(!first || phase.name !== "idle"), [onLive, first, phase.name]);

  function problemsOf(of: Values): ReadonlyMap<string, string> {
    return new Map(
      shownInputs(task, of).flatMap((name) => {
        const problem = problemOf(task.inputs[name]!, of[name]!);
        return problem === null ? [] : [[name, problem] as const];
      }),
    );
  }

  function change(changed: Values) {
    const next = { ...values, ...changed };
    setAsked({ task: tab, values: next, refused: [] });
    if (problemsOf(next).size === 0) showAddress(writeAddress(tasks, tab, next));
    return next;
  }

  function open(other: string) {
    left.current[tab] = values;
    const next = carriedOver(tasks[other]!, left.current[other], values);
    setAsked({ task: other, values: next, refused: [] });
    showAddress(writeAddress(tasks, other, next));
  }

  async function run(inputs = values) {
    if (running || problemsOf(inputs).size > 0) return;
    const controller = new AbortController();
    abort.current = controller;
    const setPhase = (next: (before: Phase) => Phase) =>
      setPhases((all) => ({ ...all, [tab]: next(all[tab] ?? idle) }));
    const own = writeAddress(tasks, tab, inputs);
    showAddress(own);
    setPhase(() => ({ name: "running", progress: null, views: [] }));
    try {
      const result = await task.run(inputs, {
        signal: controller.signal,
        onProgress: (progress, views) =>
          setPhase((before) => ({
            name: "running",
            progress,
            views: views ?? (before.name === "running" ? before.views : []),
          })),
      });
      keepLoaded(task.downloads(inputs));
      setPhase(() => ({ name: "done", ...result, address: own }));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      setPhase(() => (controller.signal.aborted ? { name: "cancelled" } : { name: "failed", message }));
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

  const stale = phase.name === "done" && phase.address !== address;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: shortcuts of the controls inside
    <div onKeyDown={onKeyDown}>
      <p class="intro">{intro}</p>
      <form
        class="panel-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        {Object.keys(tasks).length > 1 && (
          <Tabs
            tasks={Object.entries(tasks).map(([name, { label }]) => ({ name, label }))}
            chosen={tab}
            disabled={running}
            onChange={open}
          />
        )}
        {refused.length > 0 && (
          <p class="panel-error" role="alert">
            Not taken from the address: {refused.map(({ label, problem }) => `${label}. ${problem}`).join(" ")}
          </p>
        )}
        <fieldset class="fields">
          <legend class="hidden">Settings</legend>
          {shown.map((name) => (
            <Field
              key={`${tab}-${name}`}
              name={name}
              input={task.inputs[name]!}
              value={values[name]!}
              problem={problems.get(name) ?? null}
              disabled={running}
              onChange={(value) => change({ [name]: value })}
              set={change}
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
                onClick={() => {
                  run(change(preset.values));
                  runButton.current?.focus();
                }}
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
          {toLoad > 0 && <span class="small">The first run loads {(toLoad / 1e6).toFixed(1)} MB.</span>}
        </div>
      </form>
      <ProgressBar phase={phase} />
      <p class="panel-status" data-phase={phase.name}>
        {statusOf(phase)}
      </p>
      <Announcer phase={phase} />
      {phase.name === "failed" && (
        <p class="panel-error" role="alert">
          {phase.message}
        </p>
      )}
      {(running || phase.name === "done") && (
        <div class={`panel-results${stale ? " stale" : ""}`} aria-busy={running}>
          {stale && <p class="stale-note">The settings have changed since this run. Run again for the new ones.</p>}
          {phase.views.map((view, i) => (
            <ResultView key={i} view={view} />
          ))}
        </div>
      )}
    </div>
  );
}

function showAddress(address: string): void {
  history.replaceState(history.state, "", address);
}
