// Files that the user names: opened, or told what is wrong with them in a line.
import { statSync } from "node:fs";
import { filePieces, type Kernel, loadModel, type Model } from "../predicting.node.ts";

/** @throws an error that names the file, what is wrong, and what was expected */
function checkFile(path: string, expected: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new Error(`${path}: there is no such file; expected ${expected}.`);
  if (stat.isDirectory()) throw new Error(`${path} is a folder; expected ${expected}.`);
}

/** A model. */
export function openModel(path: string, options: { readonly label?: string; readonly kernel?: Kernel } = {}): Model {
  checkFile(path, "a model that fastText or `reprise fasttext` wrote (.bin or .ftz)");
  return loadModel(path, options);
}

/** A text, piece by piece; that it is there is looked at now, not when the first piece is asked for. */
export function openText(path: string, what = "a text"): Iterable<Uint8Array> {
  checkFile(path, what);
  return filePieces(path);
}

/** The lines of a text, without their ends. The file may be larger than a string. */
export function* linesOf(path: string, what: string): Generator<string> {
  const decoder = new TextDecoder();
  let open = "";
  for (const piece of openText(path, what)) {
    const lines = (open + decoder.decode(piece, { stream: true })).split("\n");
    open = lines.pop()!;
    yield* lines;
  }
  yield open + decoder.decode();
}
