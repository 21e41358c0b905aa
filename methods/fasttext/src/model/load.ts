// Models from bytes that arrive: a response, a stream, a URL.
import type { Kernel } from "../kernel/kernel.ts";
import { wasmKernel } from "../kernel/wasm.ts";
import { Model } from "./model.ts";
import { ModelFileError, readModel } from "./model-file.ts";

export interface LoadOptions {
  /** Name for error messages. */
  readonly name?: string;
  readonly label?: string;
  readonly kernel?: Kernel;
  /** Length of the stream in bytes. Known, the rows go straight into place; else everything is collected first. */
  readonly length?: number;
  readonly signal?: AbortSignal;
  /** Bytes so far, and of the whole stream. */
  readonly onProgress?: (progress: {
    readonly kind: "loading";
    readonly done: number;
    readonly total: number | null;
  }) => void;
}

/**
 * Loads a .bin or .ftz model from a URL, a response, a stream or bytes.
 *
 * @throws ModelFileError; the network's error; the signal's reason
 */
export async function load(
  source: URL | string | Response | AsyncIterable<Uint8Array> | Uint8Array,
  options: LoadOptions = {},
): Promise<Model> {
  const { label = "__label__", kernel = wasmKernel, signal, onProgress } = options;
  if (source instanceof Uint8Array) return Model.fromBytes(source, { name: options.name ?? "model", label, kernel });
  if (source instanceof URL || typeof source === "string")
    return load(await fetch(source, signal ? { signal } : {}), { name: String(source), ...options });
  const name = options.name ?? "model";
  if (source instanceof Response) {
    if (!source.ok || !source.body)
      throw new ModelFileError(`${name}: the server answered ${source.status} ${source.statusText}; expected a model.`);
    // With a content encoding the header counts the packed bytes.
    const announced = source.headers.get("content-encoding") ? null : source.headers.get("content-length");
    return load(source.body, { ...(announced ? { length: Number(announced) } : {}), ...options, name });
  }

  const pieces = source[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let received = 0;
  const more = async (): Promise<boolean> => {
    signal?.throwIfAborted();
    const { done, value } = await pieces.next();
    if (done) return false;
    held = value;
    received += value.length;
    onProgress?.({ kind: "loading", done: received, total: options.length ?? null });
    return true;
  };
  if (options.length === undefined) {
    const parts: Uint8Array[] = [];
    while (await more()) parts.push(held);
    return load(used(parts), { name, label, kernel, length: received });
  }
  const reading = readModel(name, options.length, label, { index: kernel.fillSlots });
  for (let step = reading.next(); ; step = reading.next()) {
    if (step.done) return new Model(step.value.tables, step.value.header, kernel);
    const { target } = step.value;
    for (let at = 0; at < target.length; ) {
      if (held.length === 0 && !(await more()))
        throw new ModelFileError(`${name}: the stream ended after ${received} of ${options.length} bytes.`);
      const count = Math.min(held.length, target.length - at);
      target.set(held.subarray(0, count), at);
      held = held.subarray(count);
      at += count;
    }
  }
}

/** These parts, each of them let go once it was read. */
async function* used(parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const [i, part] of parts.entries()) {
    parts[i] = new Uint8Array(0);
    yield part;
  }
}
