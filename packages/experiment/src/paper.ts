// What a paper is to the rest. Light on purpose: site, command line and tools read it before anything of the method runs.
import type { Options } from "./option.ts";

/** A file, or files by pattern, that pages may load. */
export interface Asset {
  /**
   * Relative to the paper's content folder, or to `package`; `*` stands for anything within a name, e.g.
   * "models/*.onnx".
   */
  readonly path: string;
  /** A package that the file comes with, e.g. "@reprise/data"; the paper's content folder if left out. */
  readonly package?: string;
  /** Media type. */
  readonly type: string;
  readonly maxBytes: number;
}

/** A part of a paper that `reprise reproduce` can run. */
export interface ExperimentEntry {
  readonly summary: string;
  /** Runs only where `--only` names it. */
  readonly onRequest?: boolean;
  /** What it can be told. */
  readonly options: Options;
}

/** A paper's entry, exported as `paper` from `@reprise/<method>/paper`. It imports types only. */
export interface Paper {
  /** BibTeX key: the page's address and the content folder's name. */
  readonly key: string;
  /** One name for the command's word, the package, the panel and the folder, e.g. "bit-flip". */
  readonly method: string;
  /** What the method does, for help and tables, without a full stop at the end. */
  readonly summary: string;
  /** Parts that `reprise reproduce` can run, by the name that `--only` takes. */
  readonly experiments: Readonly<Record<string, ExperimentEntry>>;
  readonly assets: readonly Asset[];
}

/**
 * The asset that a path belongs to, if there is one.
 *
 * @param path  relative to the paper's content folder, or to the package if one is named
 */
export function assetAt({ assets }: Pick<Paper, "assets">, path: string, packageName?: string): Asset | undefined {
  return assets.find((asset) => asset.package === packageName && pattern(asset.path).test(path));
}

const pattern = (path: string) =>
  new RegExp(
    `^${path
      .split("*")
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"))
      .join("[^/]*")}$`,
  );
