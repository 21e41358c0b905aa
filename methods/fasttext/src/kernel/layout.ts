// A record in the memory that JavaScript and the kernel share. layouts.ts, built from the kernel's own classes, says where
// its fields stand.
import type { Memory } from "./memory.ts";

/** Where each field stands, in bytes from the record's start, and what it is. */
export type Layout = Readonly<Record<string, readonly [offset: number, type: "i32" | "i64" | "f64"]>>;
/** Numbers for some of the fields. */
export type Fields<L extends Layout> = { readonly [K in keyof L]?: number };

/** A record in memory that a kernel reads: numbers under names. */
export class Struct<L extends Layout = Layout> {
  readonly address: number;
  readonly #view: DataView;
  readonly #layout: L;

  constructor(memory: Memory, layout: L) {
    const size = Object.values(layout).reduce(
      (end, [offset, type]) => Math.max(end, offset + (type === "i32" ? 4 : 8)),
      0,
    );
    const bytes = memory.bytes(size);
    this.address = bytes.byteOffset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, size);
    this.#layout = layout;
  }

  set(values: Fields<L>): this {
    for (const [name, value] of Object.entries(values) as [keyof L, number][]) {
      const [offset, type] = this.#layout[name]!;
      if (type === "i32") this.#view.setInt32(offset, value, true);
      else if (type === "f64") this.#view.setFloat64(offset, value, true);
      else this.#view.setBigInt64(offset, BigInt(value), true);
    }
    return this;
  }

  get(name: keyof L): number {
    const [offset, type] = this.#layout[name]!;
    return type === "f64" ? this.#view.getFloat64(offset, true) : this.#view.getInt32(offset, true);
  }
}
