// What a paper is to the site, the command line and the tools; its tables as a graph of steps, and what runs it.
export { canonical, type Json, sha256 } from "./canonical.ts";
export type {
  Experiments,
  MissingData,
  NodeExperiments,
  Opened,
  OpenOptions,
  ValuesOptions,
} from "./experiments.ts";
export {
  type Choice,
  type Flag,
  flagOf,
  type Integer,
  type List,
  type Numeric,
  type Option,
  type Options,
  type OptionValues,
  parseOption,
  type Text,
  usageOf,
  type Words,
} from "./option.ts";
export { type Asset, assetAt, type ExperimentEntry, type Paper } from "./paper.ts";
export { type Plan, type PlannedStep, planOf } from "./plan.ts";
export { type ResultRecord, recordsOf } from "./record.ts";
export { type RunOptions, type RunProgress, type RunResults, runPlan } from "./run.ts";
export {
  type Data,
  type Needs,
  type Provenance,
  type Results,
  type Step,
  type StepContext,
  type StepKind,
  type StepMaker,
  type StepOutput,
  type StepResult,
  type StepShape,
  stepKind,
} from "./step.ts";
export { memoryStore, type Store } from "./store.ts";
export { markdownTable, textTable } from "./text-table.ts";
export { type Measured, measuredMean, measuredShare, type Settings, type Unit, type Value, value } from "./value.ts";
export {
  type AnyVerb,
  isRaw,
  type ProgressLine,
  type RawVerb,
  UsageError,
  type Verb,
  type VerbAnswer,
  type VerbArgument,
  type VerbContext,
  type VerbResult,
  verb,
} from "./verb.ts";
