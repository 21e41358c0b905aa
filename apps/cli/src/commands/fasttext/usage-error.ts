/** What the user typed cannot be run; exit code 2. */
export class UsageError extends Error {}
