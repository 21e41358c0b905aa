// What one address, or one account, may ask of the site in a time.
import { type Rate, RateLimit } from "./rate-limit.ts";

const rates = {
  /** Any request that changes something. */
  writes: { burst: 30, perSecond: 0.5 },
  /** What has to be looked up in the database. */
  lookups: { burst: 300, perSecond: 30 },
  signUps: { burst: 5, perSecond: 5 / 3600 },
  /** Tries of passwords, for an address and for an account. */
  signIns: { burst: 10, perSecond: 1 / 60 },
  mails: { burst: 3, perSecond: 3 / 3600 },
  /** Summaries, comments, papers, reports of one account. */
  posts: { burst: 20, perSecond: 1 / 60 },
  votes: { burst: 60, perSecond: 0.5 },
  previews: { burst: 30, perSecond: 1 },
} as const satisfies Record<string, Rate>;

export type RateName = keyof typeof rates;

/** Ends a request whose address or account asks too often. */
export class TooMany extends Error {
  readonly seconds: number;
  constructor(seconds: number) {
    super(`too many requests; the next in ${seconds} s`);
    this.seconds = seconds;
  }
}

export class Limits {
  readonly #limits = Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [name, new RateLimit(rate)]),
  ) as Record<RateName, RateLimit>;

  /** @param who  an address, or a name that is no address, such as "account 7" @throws TooMany */
  take(kind: RateName, who: string, now?: number): void {
    const wait = this.#limits[kind].take(who, now);
    if (wait > 0) throw new TooMany(wait);
  }
}
