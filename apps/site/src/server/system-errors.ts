// What the system's and PostgreSQL's error codes mean to whoever runs the site, and what to do about each.

const systemReasons: Readonly<Record<string, string>> = {
  EACCES: "this user may not write there; change the folder's owner or rights",
  EPERM: "this user may not write there; change the folder's owner or rights",
  EROFS: "its file system is read-only; mount it writable",
  ENOSPC: "the disk is full; make space and start again",
  EDQUOT: "the quota of this user is used up; make space and start again",
  EEXIST: "a file stands in the folder's place; move it away",
  ENOTDIR: "a part of the path is a file, not a folder; move it away",
  ENOENT: "a part of the path does not exist; create it",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  EIO: "the disk reports a fault; check it",
};

/** A file system's error in words; its own message where there are none. */
export function systemReason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return systemReasons[code ?? ""] ?? message ?? String(error);
}
