// AssemblyScript's `@unmanaged` classes as places in memory: what JavaScript must know to write such a record.

/** Bytes of the types of fields; a class stands for its address. */
const sizes: Readonly<Record<string, number>> = { i32: 4, u32: 4, usize: 4, i64: 8, f64: 8 };

/**
 * The text of a module with the fields of each class: `[offset, type]` by name, and the size of the record. Fields stand in
 * their order, each at a multiple of its own size.
 *
 * @throws Error for a field of another type
 */
export function layoutsOf(source: string): string {
  const classes = [...source.matchAll(/@unmanaged export class (\w+) \{(.*?)^\}/gms)];
  const names = new Set(classes.map(([, name]) => name!));
  const texts = classes.map(([, name, body]) => {
    let size = 0;
    const fields = [...body!.matchAll(/^ {2}(\w+): (\w+);$/gm)].map(([, field, type]) => {
      const bytes = names.has(type!) ? 4 : sizes[type!];
      if (bytes === undefined)
        throw new Error(`${name}.${field} is of type ${type}; expected ${Object.keys(sizes).join(", ")} or a class.`);
      const offset = Math.ceil(size / bytes) * bytes;
      size = offset + bytes;
      return `    ${field}: [${offset}, "${bytes === 4 ? "i32" : type}"],\n`;
    });
    const key = name![0]!.toLowerCase() + name!.slice(1);
    return `  ${key}: {\n${fields.join("")}  },\n`;
  });
  return `export const layouts = {\n${texts.join("")}} as const;\n`;
}
