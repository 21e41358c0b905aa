// PGlite takes no lock: two processes in one folder would silently diverge. Two lines keep a folder to one process.
// The first is a lock that the kernel holds on `lock.db` (SQLite's exclusive lock on an empty database): it ends with
// the process, whatever ended it, and is seen across containers of one machine. The second is a heartbeat in `lock`,
// for machines that share a folder over a network whose file system does not pass locks on.
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { DataError } from "@reprise/data";
import { createFolder } from "@reprise/data/node";
import { systemReason } from "../system-errors.ts";

/** What stands in the file `lock`. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** The running kernel: processes of one kernel see each other's locks, so between them no heartbeat is needed. */
  readonly kernel: string;
  readonly beat: number;
}

export interface LockOptions {
  /** Told once when another process has taken the folder over: nothing may be written to it any more. */
  readonly onLost?: (error: Error) => void;
  /** Milliseconds between heartbeats; a lock without one for three of them is of a process that is gone. */
  readonly heartbeat?: number;
}

/**
 * Takes the folder for this process alone, creating it when missing.
 *
 * @returns  the function that gives it back
 * @throws   Error naming the folder and the process that holds it, or what makes the folder unusable.
 *           The lock of a process that no longer runs is taken over.
 */
export async function lockFolder(directory: string, options: LockOptions = {}): Promise<() => void> {
  const { onLost = () => {}, heartbeat = 5000 } = options;
  const path = join(directory, "lock");
  const draft = `${path}.${process.pid}.${randomUUID().slice(0, 8)}`;
  const write = (holder: Holder) => {
    writeFileSync(draft, JSON.stringify(holder));
    renameSync(draft, path); // the file is never seen half written
  };
  let mine: Holder = { id: randomUUID(), pid: process.pid, host: hostname(), kernel: thisKernel(), beat: 0 };
  try {
    await createFolder(directory);
    writeFileSync(draft, "");
  } catch (error) {
    throw unusable(directory, error instanceof DataError ? error.cause : error);
  }
  const kernelLock = takeKernelLock(join(directory, "lock.db"), (cause) => {
    const holder = read(path);
    rmSync(draft, { force: true });
    return cause === "held"
      ? new Error(
          `the data folder ${directory} is in use by ${nameOf(holder)}: stop it, or start this one with --data-dir OTHER`,
        )
      : unusable(directory, cause);
  });
  try {
    const seen = read(path);
    if (seen && (seen.kernel !== mine.kernel || !kernelLock)) await outwait(directory, seen, draft, heartbeat);
    write(mine);
    if (!kernelLock) {
      await sleep(Math.min(heartbeat, 1000)); // of two that start at once, the last to write has it
      if (read(path)?.id !== mine.id) throw inUse(directory, read(path), heartbeat);
    }
  } catch (error) {
    rmSync(draft, { force: true });
    kernelLock?.close();
    throw error instanceof Error && "code" in error ? unusable(directory, error) : error;
  }
  const timer = setInterval(() => {
    const now = read(path);
    if (now && now.id !== mine.id) {
      clearInterval(timer);
      onLost(
        new Error(
          `the data folder ${directory} was taken over by ${nameOf(now)} while this process did not answer: this one must stop, so that the two do not write over each other`,
        ),
      );
      return;
    }
    mine = { ...mine, beat: mine.beat + 1 };
    try {
      write(mine);
    } catch {
      // A full disk or a folder that is gone: the kernel's lock still holds, and the next beat tries again.
    }
  }, heartbeat).unref();
  return () => {
    clearInterval(timer);
    if (read(path)?.id === mine.id) rmSync(path, { force: true });
    rmSync(draft, { force: true });
    kernelLock?.close();
  };
}

/** The open lock; null where the file system knows none. `lock.db` stays: removing it would let two lock two files. */
function takeKernelLock(path: string, refused: (cause: "held" | Error) => Error): DatabaseSync | null {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec("pragma busy_timeout = 0; pragma journal_mode = memory; begin exclusive");
    return database;
  } catch (error) {
    database?.close();
    const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
    if (code === 5 || code === 6) throw refused("held"); // SQLITE_BUSY, SQLITE_LOCKED
    if (code === 10 || code === 15 || code === 22) return null; // SQLITE_IOERR, _PROTOCOL, _NOLFS: no locks here
    throw refused(new Error(`${path} cannot be opened: ${(error as Error).message}`, { cause: error }));
  }
}

/** Waits until the holder has missed three heartbeats. @throws Error as soon as it gives one */
async function outwait(directory: string, seen: Holder, draft: string, heartbeat: number): Promise<void> {
  const path = join(directory, "lock");
  // Both times are the file system's own, so that clocks of two machines need not agree.
  writeFileSync(draft, "now");
  const patience = 3 * heartbeat;
  let left = patience - (statSync(draft).mtimeMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0));
  for (; left > 0; left -= heartbeat / 4) {
    await sleep(heartbeat / 4);
    const now = read(path);
    if (now && (now.id !== seen.id || now.beat !== seen.beat)) throw inUse(directory, now, heartbeat);
  }
}

function inUse(directory: string, holder: Holder | null, heartbeat: number): Error {
  return new Error(
    `the data folder ${directory} is in use by ${nameOf(holder)}, which gave a sign of life just now: stop it, or start this one with --data-dir OTHER. If it is gone, start again in ${Math.ceil((3 * heartbeat) / 1000)} seconds; nothing needs to be deleted.`,
  );
}

function unusable(directory: string, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  const written = code ? `written (${code})` : "used";
  return new Error(
    `the data folder ${directory} cannot be ${written}: ${systemReason(cause)}, or give another folder with --data-dir DIR`,
    { cause },
  );
}

function nameOf(holder: Holder | null): string {
  return holder ? `process ${holder.pid} on ${holder.host}` : "another process";
}

function read(path: string): Holder | null {
  try {
    const { id = "", pid, host, kernel = "", beat = 0 } = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" ? { id, pid, host, kernel, beat } : null;
  } catch {
    return null;
  }
}

/** Linux numbers each boot; elsewhere containers do not share the kernel, and the host's name will do. */
function thisKernel(): string {
  const file = "/proc/sys/kernel/random/boot_id";
  return existsSync(file) ? readFileSync(file, "utf8").trim() : hostname();
}
