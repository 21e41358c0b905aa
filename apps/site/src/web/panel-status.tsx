// How far a run is, for eyes and ears.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Progress } from "../run/protocol.ts";
import { progressText, type View } from "./panel.ts";

/** Where a task stands. */
export type Phase =
  | { readonly name: "idle" }
  | { readonly name: "running"; readonly progress: Progress | null; readonly views: readonly View[] }
  | {
      readonly name: "done";
      readonly text: string;
      readonly views: readonly View[];
      /** Of the run, to tell whether the settings are still its own. */
      readonly address: string;
    }
  | { readonly name: "failed"; readonly message: string }
  | { readonly name: "cancelled" };

/** Keeps its place while nothing runs, so that nothing below it moves. */
export function ProgressBar({ phase }: { phase: Phase }) {
  if (phase.name !== "running") return <div class="progress-room" />;
  const { progress } = phase;
  const known = progress !== null && progress.total !== null && progress.total > 0;
  return (
    <progress
      aria-label="Progress of the run"
      {...(known ? { value: progress.done, max: progress.total as number } : {})}
    />
  );
}

/** The polite live region; while running it speaks at most every four seconds, not at every step. */
export function Announcer({ phase }: { phase: Phase }) {
  const text = phase.name === "running" && !phase.progress ? "Running." : statusOf(phase);
  const [spoken, setSpoken] = useState("");
  const latest = useRef(text);
  latest.current = text;
  const urgent = !(phase.name === "running" && phase.progress);
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

/** The line that is shown. */
export function statusOf(phase: Phase): string {
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
