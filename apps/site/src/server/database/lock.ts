// PGlite takes no lock: two processes in one folder would silently diverge. This file is the lock.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the kernel's clock ticks after boot (Linux); tells a reused pid from the holder. */
  readonly started: string | null;
}

/**
 * Takes the folder for this process alone, creating it when missing.
 *
 * @returns  the function that gives it back
 * @throws   Error naming the folder and the process that holds it, or what makes the folder unusable.
 *           The lock of a process that no longer runs is taken over.
 */
export function lockFolder(directory: string): () => void {
  const path = join(directory, "lock");
  const mine: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(draft, JSON.stringify(mine), { flag: "wx" });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new Error(
      `the data folder ${directory} cannot be written (${code}): give a folder that can with --data-dir DIR`,
      { cause },
    );
  }
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        linkSync(draft, path); // atomic, and the file is never seen half written
        return () => {
          if (sameHolder(read(path), mine)) rmSync(path, { force: true });
        };
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      }
      const holder = read(path);
      if (holder && isAlive(holder))
        throw new Error(
          `the data folder ${directory} is in use by process ${holder.pid} on ${holder.host}: stop it, or start this one with --data-dir OTHER`,
        );
      takeAway(path, holder);
    }
    throw new Error(
      `the data folder ${directory} could not be locked: other processes keep taking ${path}; try again in a moment`,
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a dead process's lock, unless another process has replaced it since it was read. */
function takeAway(path: string, seen: Holder | null): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else was faster
  }
  const moved = read(aside);
  if (moved && isAlive(moved) && !sameHolder(moved, seen)) {
    try {
      linkSync(aside, path); // a live process's new lock: put it back
    } catch {
      // a third one holds it now; the next attempt sees who
    }
  }
  rmSync(aside, { force: true });
}

function read(path: string): Holder | null {
  try {
    const { pid, host, started } = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" ? { pid, host, started: started ?? null } : null;
  } catch {
    return null;
  }
}

function sameHolder(a: Holder | null, b: Holder | null): boolean {
  return a !== null && b !== null && a.pid === b.pid && a.host === b.host && a.started === b.started;
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true; // cannot be asked from here: a shared folder
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startOf(pid);
  return started === null || now === null || now === started;
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null; // field 22, starttime
  } catch {
    return null;
  }
}
