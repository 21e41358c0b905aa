// Reads the content folder: one folder per paper, named by its BibTeX key (a slash in the key is a folder level).
import { createHash } from "node:crypto";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { z } from "zod";
import { type PaperFile, paperFile, type ResultTable, resultsFile, runFile, type StoredRun } from "./content-format.ts";

/** A paper as its folder describes it; `sha256` covers every byte that was read. */
export interface PaperContent {
  readonly paper: PaperFile;
  readonly summary: string;
  /** Where the summary stands, for messages to its author. */
  readonly summaryFile: string;
  readonly results: readonly ResultTable[];
  readonly run: StoredRun | null;
  readonly sha256: string;
}

/**
 * Every paper of the folder, by key.
 *
 * @throws Error naming the file and the field when one is missing, is no JSON, or has the wrong shape
 */
export function readContent(folder: string): PaperContent[] {
  try {
    readdirSync(folder);
  } catch (cause) {
    throw new Error(
      `the content folder ${folder} cannot be read (${(cause as NodeJS.ErrnoException).code}): give the folder that holds the papers, each in a folder of its BibTeX key, with --content DIR`,
      { cause },
    );
  }
  return globSync("**/paper.json", { cwd: folder })
    .sort()
    .map((file) => readPaper(folder, dirname(join(folder, file))));
}

function readPaper(root: string, folder: string): PaperContent {
  const hash = createHash("sha256");
  const text = (name: string): string => {
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`${path} is missing: a paper needs paper.json, summary.md and results.json`);
    const content = readText(path);
    hash.update(`${name}\0${content.length}\0${content}`);
    return content;
  };
  const parse = <T>(name: string, shape: z.ZodType<T>): T => {
    const path = join(folder, name);
    let value: unknown;
    try {
      value = JSON.parse(text(name), (_, part: unknown) => {
        if (typeof part === "string" && (part.includes("\0") || !part.isWellFormed()))
          throw new SyntaxError("a text in it holds half a character or a NUL, which no database stores");
        return part;
      });
    } catch (cause) {
      if (cause instanceof SyntaxError) throw new Error(`${path} is not JSON: ${cause.message}`, { cause });
      throw cause;
    }
    const result = shape.safeParse(value);
    if (!result.success)
      throw new Error(`${path} does not have the shape of a ${name}:\n${z.prettifyError(result.error)}`);
    return result.data;
  };
  const paper = parse("paper.json", paperFile);
  const key = relative(root, folder).split(sep).join("/");
  if (paper.bibtexKey !== key)
    throw new Error(
      `${join(folder, "paper.json")}: bibtexKey is "${paper.bibtexKey}", but the folder is ${key}; they must agree`,
    );
  return {
    paper,
    summary: text("summary.md"),
    summaryFile: join(folder, "summary.md"),
    results: parse("results.json", resultsFile).tables,
    run: existsSync(join(folder, "run", "result.json")) ? parse("run/result.json", runFile) : null,
    sha256: hash.digest("hex"),
  };
}

function readText(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    // PostgreSQL stores no such character, and no text of a person has one.
    if (text.includes("\0")) throw new Error(`${path} holds a NUL character: is it a text in UTF-8?`);
    return text;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!code) throw cause;
    throw new Error(`${path} cannot be read (${code}): check its rights`, { cause });
  }
}
