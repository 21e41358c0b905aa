// A flag is used, refused, or — where the C++ program takes it and does nothing with it — said to do nothing.

import { UsageError } from "@reprise/experiment/verb";
import type { ModelName, Settings } from "../index.ts";
import { type Arguments, autotuneFlags } from "./flags.node.ts";

/** Flags that the C++ program does not have, or has for classifiers only. */
const ofClassifiers = ["validation", "patience", "labelWeights", "lineWeights", ...autotuneFlags];
const ofAutotune = [...autotuneFlags.filter((name) => name !== "autotune-validation"), "dsub"];

/** @throws UsageError at a flag that would do nothing beside the others */
export function checkUsed(flags: Arguments["flags"], model: ModelName): void {
  const given = (name: string) => flags[name] !== undefined;
  if (model !== "supervised")
    for (const name of ofClassifiers)
      if (given(name)) throw new UsageError(`-${name} does nothing with ${model}, which learns without labels.`);
  const tuned = given("autotune-validation");
  for (const name of ofAutotune)
    if (given(name) && !tuned) throw new UsageError(`-${name} does nothing without -autotune-validation.`);
  if (given("dsub") && !given("autotune-modelsize"))
    throw new UsageError("-dsub does nothing without -autotune-modelsize.");
  if (given("patience") && !given("validation")) throw new UsageError("-patience does nothing without -validation.");
  if (given("validation") && tuned)
    throw new UsageError(
      "-validation does nothing beside -autotune-validation, which judges each trial; leave one out.",
    );
}

/** Flags of the C++ program's command lines that go for nothing there too, each with the reason. */
export function idleFlags(flags: Arguments["flags"], settings: Settings): string[] {
  const { model, loss, maxn, bucket } = settings;
  const supervised = model === "supervised";
  const tuned = flags["autotune-validation"] !== undefined;
  const why: Readonly<Record<string, string | false>> = {
    ws: supervised && "with supervised, which reads whole lines",
    t: supervised && "with supervised, which leaves out no words",
    neg: loss !== "ns" && `with -loss ${loss}`,
    wordNgrams: !supervised && `with ${model}, which learns vectors of words`,
    minCountLabel: !supervised && `with ${model}, which learns without labels`,
    bucket: bucket === 0 && !tuned && "without n-grams: -wordNgrams above 1, or -maxn",
    minn: maxn === 0 && settings.minn > 0 && !tuned && "without -maxn",
  };
  return Object.entries(why).flatMap(([name, reason]) =>
    reason && flags[name] !== undefined ? `-${name} does nothing ${reason}.` : [],
  );
}
