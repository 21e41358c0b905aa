// What a page and the worker that runs its tasks say to each other. Everything is structured-cloneable.

/** How far a run is. `text` is for people; `partial` is whatever the panel can already show. */
export interface Progress<Partial = unknown> {
  /** Units done, of `total`; `total` is null while it is not known. */
  readonly done: number;
  readonly total: number | null;
  readonly text: string;
  readonly partial?: Partial;
}

/** Page → worker. `id` numbers the run, `task` names the method that answers it. */
export type RunRequest =
  | { readonly type: "run"; readonly id: number; readonly task: string; readonly message: unknown }
  | { readonly type: "cancel"; readonly id: number };

/** Worker → page. After `result`, `error` or `cancelled` nothing more comes for this id. */
export type RunEvent =
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  | { readonly type: "result"; readonly id: number; readonly result: unknown }
  | { readonly type: "error"; readonly id: number; readonly message: string }
  | { readonly type: "cancelled"; readonly id: number };
