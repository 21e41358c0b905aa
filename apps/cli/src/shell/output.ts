// Standard output, whole: Node makes pipes non-blocking, and process.exit would cut off what is buffered.
import { writeOut } from "@reprise/experiment/node";

export { writeOut };

/** One JSON document on standard output. */
export function printJson(value: unknown): void {
  writeOut(Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
}
