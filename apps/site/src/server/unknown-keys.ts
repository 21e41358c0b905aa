// Keys of which the database has said that it knows none: asked again, they cost no query.

/** Of at most `size` keys, each for `milliseconds`: another server may add papers to the same database. */
export class UnknownKeys {
  readonly #until = new Map<string, number>();
  readonly #size: number;
  readonly #milliseconds: number;

  constructor({ size = 10_000, milliseconds = 60_000 } = {}) {
    this.#size = size;
    this.#milliseconds = milliseconds;
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > Date.now()) return true;
    this.#until.delete(key);
    return false;
  }

  /** A paper of this key was added. */
  forget(key: string): void {
    this.#until.delete(key);
  }

  add(key: string): void {
    this.#until.delete(key);
    this.#until.set(key, Date.now() + this.#milliseconds);
    if (this.#until.size > this.#size) this.#until.delete(this.#until.keys().next().value ?? "");
  }
}

/** What no paper can be called, so that the database need not be asked: it would refuse some of these with an error. */
export function impossibleKey(key: string): boolean {
  return key.length > 300 || !key.isWellFormed() || /[\p{Cc}\ufffd]/u.test(key);
}
