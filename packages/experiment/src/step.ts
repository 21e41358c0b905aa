// A step: one piece of work whose key is the hash of everything that decides its result. A step is plain data and the name
// of its kind, so it runs in this process, beside others, or on another machine, and gives the same.
import type { Random } from "@reprise/data";
import { canonical, type Json, sha256 } from "./canonical.ts";

/** Data that steps read, known by its hash before it is loaded. */
export interface Data<Content = unknown> {
  /** For progress and messages, e.g. "MNIST, training images". */
  readonly name: string;
  /** Of all that decides what `load` gives. */
  readonly sha256: string;
  /** Examples that it has, for estimates of time. */
  readonly count?: number;
  /** Called by each step that reads it; keep what is costly to read. */
  readonly load: () => Promise<Content>;
}

/** Steps by name that another step, or a value, reads. */
export type Needs = Readonly<Record<string, Step | readonly Step[] | undefined>>;

/** What a kind of step takes and gives. `needs` has `Step<Value>`, or lists of them, by name. */
export interface StepShape {
  readonly parameters: object;
  readonly needs?: Needs;
  /** What each piece of data is once loaded, by name. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  /** What a lane owns, such as a runtime. Nothing of it may decide the result. */
  readonly lane?: unknown;
}

type Given<S extends StepShape, Part extends "needs" | "data"> = S[Part] extends object
  ? S[Part]
  : Readonly<Record<never, never>>;

/** What was computed by a step. */
export interface StepResult<Value = unknown> {
  readonly value: Value;
  /** One of its files. @throws Error when it has none of that name */
  readonly file: (name: string) => Promise<Uint8Array>;
  /** What the step took by itself. */
  readonly seconds: number;
  readonly provenance: Provenance;
}

/** Where and by what a step was computed. */
export interface Provenance {
  /** Of the packages, with the commit where known. */
  readonly version: string;
  readonly machine: string;
  /** ISO 8601. */
  readonly date: string;
}

/** The results of needed steps, by the same names. */
export type Results<N extends Needs> = {
  readonly [Name in keyof N]: N[Name] extends readonly Step<infer Value>[]
    ? readonly StepResult<Value>[]
    : N[Name] extends Step<infer Value> | undefined
      ? StepResult<Value> | Extract<N[Name], undefined>
      : never;
};

/** All that a step may read. */
export interface StepContext<S extends StepShape> {
  readonly parameters: S["parameters"];
  readonly needs: Results<Given<S, "needs">>;
  readonly data: Given<S, "data">;
  readonly lane: S["lane"];
  /** A stream of the step's own, which its key decides. */
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Takes how much of the step is done; `text` in place of the kind's. */
  readonly onProgress: (event: { readonly done: number; readonly total: number; readonly text?: string }) => void;
}

/** A step's result: plain data, and files by name such as "model.onnx". */
export interface StepOutput<Value> {
  readonly value: Value;
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** What is common to steps that do the same with other parameters. */
export interface StepKind<S extends StepShape = StepShape> {
  /** "method/verb", e.g. "adversarial/train": names its folder in the store. */
  readonly name: string;
  /** Raised whenever the same parameters would give another result. */
  readonly version: number;
  /** What is being done, e.g. "training FC10(1)". */
  readonly text: (parameters: S["parameters"], data: DataOf<S>) => string;
  /** Seconds on one idle core, roughly: for the time left and for nothing else. */
  readonly cost?: (parameters: S["parameters"], data: DataOf<S>) => number;
  readonly run: (context: StepContext<S>) => Promise<StepOutput<S["value"]>>;
}

/** A kind with what one of its steps takes. */
export interface Step<Value = unknown> {
  readonly kind: Omit<StepKind, "run" | "text" | "cost"> & {
    // biome-ignore lint/suspicious/noExplicitAny: a graph holds steps of every shape; `stepKind` has checked each
    readonly text: (parameters: any, data: any) => string;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    readonly cost?: (parameters: any, data: any) => number;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    readonly run: (context: any) => Promise<StepOutput<Value>>;
  };
  readonly parameters: object;
  readonly needs: Needs;
  readonly data: Readonly<Record<string, Data>>;
}

type DataOf<S extends StepShape> = { readonly [Name in keyof Given<S, "data">]: Data<Given<S, "data">[Name]> };

type Inputs<S extends StepShape> = (S["needs"] extends object ? { readonly needs: S["needs"] } : unknown) &
  (S["data"] extends object ? { readonly data: DataOf<S> } : unknown);

/** Makes a step of a kind. Parameters are plain data: what JSON keeps. */
export type StepMaker<S extends StepShape> = (
  parameters: S["parameters"],
  ...inputs: object extends Inputs<S> ? [] : [inputs: Inputs<S>]
) => Step<S["value"]>;

/**
 * Declares a kind of step. `run` may read nothing but its context: another machine has nothing else.
 *
 * @throws Error unless the name is letters, digits, "-" and "."  in parts separated by "/"
 */
export function stepKind<S extends StepShape>(kind: StepKind<S>): StepMaker<S> {
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(kind.name))
    throw new Error(`step kind ${JSON.stringify(kind.name)}: expected a name such as "adversarial/train"`);
  return (parameters, ...inputs) => {
    const { needs = {}, data = {} }: Partial<Pick<Step, "needs" | "data">> = inputs[0] ?? {};
    return { kind: kind as Step<S["value"]>["kind"], parameters, needs, data };
  };
}

/** What decides a step's result: the text that its key is the hash of. */
export interface Identity {
  readonly step: string;
  readonly version: number;
  readonly parameters: Json;
  /** Keys by name. */
  readonly needs: Readonly<Record<string, string | readonly string[]>>;
  /** Hashes by name. */
  readonly data: Readonly<Record<string, string>>;
}

/** @param needs  keys of what it needs, by name. @throws TypeError when its parameters are not plain data */
export async function keyOf(
  { kind, parameters, data }: Step,
  needs: Identity["needs"],
): Promise<{ readonly key: string; readonly identity: Identity }> {
  const identity: Identity = {
    step: kind.name,
    version: kind.version,
    parameters: JSON.parse(canonical(parameters, `parameters of step "${kind.name}"`)) as Json,
    needs,
    data: Object.fromEntries(Object.entries(data).map(([name, each]) => [name, each.sha256])),
  };
  return { key: await sha256(canonical(identity, `step "${kind.name}"`)), identity };
}
