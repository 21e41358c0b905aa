/** What the user typed cannot be run like this; exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
