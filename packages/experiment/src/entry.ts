// A step's result in a store: its files, then result.json, which says that they are there and what their hashes are.
import { canonical, sha256 } from "./canonical.ts";
import type { Identity, Provenance, StepOutput, StepResult } from "./step.ts";
import type { Store } from "./store.ts";

interface Stored {
  readonly key: string;
  /** What the key is the hash of, for whoever looks into the store. */
  readonly identity: Identity;
  readonly value: unknown;
  /** SHA-256 of each file by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly provenance: Provenance;
}

/** An entry that was read. */
export interface Entry extends StepResult {
  /** Whether every file is there and is what was written. */
  readonly whole: () => Promise<boolean>;
}

const folderOf = (kind: string, key: string): string => `steps/${kind}/${key}`;

/** The entry of this key; undefined where there is none or it is damaged: then the step is computed again. */
export async function readEntry(store: Store, kind: string, key: string): Promise<Entry | undefined> {
  const folder = folderOf(kind, key);
  const bytes = await store.get(`${folder}/result.json`);
  const stored = bytes && parse(bytes);
  if (stored?.key !== key) return undefined;
  for (const name of Object.keys(stored.files)) if (!(await store.has(`${folder}/${name}`))) return undefined;
  return entryOf(store, folder, stored);
}

/**
 * Puts a result into the store.
 *
 * @returns it as it is read back, so that a run that computes and one that goes on see the same
 * @throws TypeError for a value that JSON does not keep
 */
export async function writeEntry(
  store: Store,
  key: string,
  identity: Identity,
  { value, files = {} }: StepOutput<unknown>,
  made: { readonly seconds: number; readonly provenance: Provenance },
): Promise<Entry> {
  canonical(value, `result of step "${identity.step}"`);
  const folder = folderOf(identity.step, key);
  // An entry with damaged files is not to count as whole while they are replaced.
  await store.delete(`${folder}/result.json`);
  const hashes: Record<string, string> = {};
  for (const [name, bytes] of Object.entries(files)) {
    if (!/^[\w-][\w.-]*$/.test(name) || name === "result.json")
      throw new RangeError(`step "${identity.step}": a file is called ${JSON.stringify(name)}; use letters and digits`);
    hashes[name] = await sha256(bytes);
    await store.put(`${folder}/${name}`, bytes);
  }
  const stored: Stored = { key, identity, value, files: hashes, ...made };
  const text = `${JSON.stringify(stored)}\n`;
  await store.put(`${folder}/result.json`, new TextEncoder().encode(text));
  return entryOf(store, folder, JSON.parse(text) as Stored);
}

function entryOf(store: Store, folder: string, { identity, value, files, seconds, provenance }: Stored): Entry {
  const read = async (name: string) => {
    const bytes = await store.get(`${folder}/${name}`);
    return bytes && (await sha256(bytes)) === files[name] ? bytes : undefined;
  };
  return {
    value,
    seconds,
    provenance,
    async file(name) {
      if (files[name] === undefined)
        throw new Error(
          `step "${identity.step}" has no file "${name}"; it has ${Object.keys(files).join(", ") || "none"}`,
        );
      const bytes = await read(name);
      if (!bytes) throw new Error(`${folder}/${name}: changed while it was in use; run again`);
      return bytes;
    },
    async whole() {
      for (const name of Object.keys(files)) if (!(await read(name))) return false;
      return true;
    },
  };
}

function parse(bytes: Uint8Array): Stored | undefined {
  let stored: Stored | null;
  try {
    stored = JSON.parse(new TextDecoder().decode(bytes)) as Stored | null;
  } catch {
    return undefined; // cut off or overwritten
  }
  const whole =
    typeof stored?.seconds === "number" &&
    stored.value !== undefined &&
    typeof stored.files === "object" &&
    typeof stored.provenance?.date === "string";
  return whole ? (stored as Stored) : undefined;
}
