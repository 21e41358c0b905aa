// What a reproduction has computed so far, kept by name, so that a run that is stopped goes on where it was.

/** Where a run keeps its parts. `write` must leave the old or the new content, never a part of it. */
export interface Store {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array): Promise<void>;
}

/** Where and by what a part was computed. */
export interface Provenance {
  /** Of the packages, with the commit where known. */
  readonly version: string;
  readonly machine: string;
  /** ISO 8601. */
  readonly date: string;
}

/** A computed part: what it was computed from, its value, and how. */
export interface Cell<T> {
  /** Settings as JSON: a part computed with others is computed anew. */
  readonly key: string;
  readonly value: T;
  /** What this part took by itself. */
  readonly seconds: number;
  readonly provenance: Provenance;
}

/** The cell of this name, unless there is none, it is damaged, or it was computed with other settings. */
export async function readCell<T>(store: Store, name: string, key: string): Promise<Cell<T> | undefined> {
  const bytes = await store.read(name);
  if (!bytes) return undefined;
  try {
    const cell = JSON.parse(new TextDecoder().decode(bytes)) as Cell<T>;
    return cell.key === key ? cell : undefined;
  } catch {
    return undefined; // not JSON: computed anew, and replaced
  }
}

export async function writeCell<T>(store: Store, name: string, cell: Cell<T>): Promise<void> {
  await store.write(name, new TextEncoder().encode(`${JSON.stringify(cell)}\n`));
}
