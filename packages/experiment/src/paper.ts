// What a paper is to the rest. Light on purpose: site, command line and tools read it before anything of the method runs.
import type { Options } from "./option.ts";

/** A file, or files by pattern, of the paper's content folder that pages may load. */
export interface Asset {
  /** Relative to the content folder; `*` stands for anything within a name, e.g. "models/*.onnx". */
  readonly path: string;
  /** Media type. */
  readonly type: string;
  readonly maxBytes: number;
}

/** A paper's entry, exported as `paper` from `@reprise/<method>/paper`. It imports types only. */
export interface Paper {
  /** BibTeX key: the page's address and the content folder's name. */
  readonly key: string;
  /** One name for the command's word, the package, the panel and the folder, e.g. "bit-flip". */
  readonly method: string;
  /** What the method does, for help and tables, without a full stop at the end. */
  readonly summary: string;
  /** Parts that `reprise reproduce` can run, by the name that `--only` takes, each with the options it hears. */
  readonly experiments: Readonly<Record<string, { readonly summary: string; readonly options: Options }>>;
  readonly assets: readonly Asset[];
}
