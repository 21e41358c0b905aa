// Where results are kept: names and bytes. A folder now; a bucket or a database later.

/** Bytes by name. Names are parts separated by "/". Every error but a missing file is thrown. */
export interface Store {
  readonly has: (name: string) => Promise<boolean>;
  readonly get: (name: string) => Promise<Uint8Array | undefined>;
  /** Leaves the old or the new content, never a part of it. */
  readonly put: (name: string, bytes: Uint8Array) => Promise<void>;
  /** All names that begin with the prefix, in order. */
  readonly list: (prefix: string) => Promise<readonly string[]>;
  /** What is not there is fine. */
  readonly delete: (name: string) => Promise<void>;
}

/** A store that ends with the process. */
export function memoryStore(): Store {
  const entries = new Map<string, Uint8Array>();
  return {
    has: async (name) => entries.has(name),
    get: async (name) => entries.get(name)?.slice(),
    put: async (name, bytes) => void entries.set(name, bytes.slice()),
    list: async (prefix) => [...entries.keys()].filter((name) => name.startsWith(prefix)).sort(),
    delete: async (name) => void entries.delete(name),
  };
}
