/** As ISO 8601 writes a day. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
