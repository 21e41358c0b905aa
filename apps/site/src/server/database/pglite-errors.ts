// Why the built-in database could not be opened or written, in words. PGlite reports the system's errors as numbers of
// WebAssembly's system interface, and a damaged folder only as "failed to initialize".
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemReason } from "../system-errors.ts";

/** Numbers of wasi-libc's errno.h. */
const numbers: Readonly<Record<number, string>> = {
  2: "EACCES",
  19: "EDQUOT",
  29: "EIO",
  41: "EMFILE",
  44: "ENOENT",
  51: "ENOSPC",
  54: "ENOTDIR",
  63: "EPERM",
  69: "EROFS",
};

/** The error of a failed opening, for whoever runs the site. */
export function explainOpening(directory: string, cause: unknown): Error {
  const { errno, message, code: given } = cause as { errno?: number; message?: string; code?: string };
  const code = (given?.startsWith("E") ? given : numbers[errno ?? 0]) ?? unwritable(directory);
  const told = message ?? (errno === undefined ? String(cause) : `error ${errno}`);
  const version = join(directory, "PG_VERSION");
  const made = existsSync(version) ? `, made by PostgreSQL ${readFileSync(version, "utf8").trim()},` : "";
  const text = code
    ? `${systemReason({ code })} (${code})`
    : `its files${made} are damaged or of another version (${told}). Put a copy of the folder in its place; or move the folder away and start again, which takes the papers from the content folder and loses what readers wrote`;
  return new Error(`the database in ${directory} could not be opened: ${text}`, { cause });
}

/** PGlite's words for a full disk while it writes, made SQLSTATE's; null for any other error. */
export function systemFault(error: unknown): { message: string; code: string } | null {
  const { errno } = error as { errno?: number };
  const code = numbers[errno ?? 0];
  if (!code) return null;
  return { message: systemReason({ code }), code: code === "ENOSPC" || code === "EDQUOT" ? "53100" : "58030" };
}

/** The code of the first file or folder of the database that this process may not write; undefined when it may. */
function unwritable(directory: string): string | undefined {
  for (const path of [dirname(directory), directory, ...["PG_VERSION", "global"].map((name) => join(directory, name))])
    try {
      if (existsSync(path)) accessSync(path, constants.W_OK);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  return undefined;
}
