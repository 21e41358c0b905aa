/** Rows as CSV, a column a field of the first; nothing for null, text quoted where it must be. */
export function csvOf(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const fields = Object.keys(rows[0] ?? {});
  const cell = (value: unknown) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${[fields.join(","), ...rows.map((row) => fields.map((field) => cell(row[field])).join(","))].join("\n")}\n`;
}
