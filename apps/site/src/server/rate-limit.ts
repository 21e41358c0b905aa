// How much one address may ask of the server: a bucket of requests for each, refilled at a steady rate.
import { isIPv6 } from "node:net";

export interface Rate {
  /** Requests that may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  left: number;
  at: number;
}

export class RateLimit {
  readonly #rate: Rate;
  readonly #addresses: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param addresses  how many are remembered; the one heard of longest ago is forgotten first */
  constructor(rate: Rate, addresses = 10_000) {
    this.#rate = rate;
    this.#addresses = addresses;
  }

  /** Takes one request from the address's bucket. @returns 0, or after how many seconds there will be one again */
  take(address: string, now = performance.now() / 1000): number {
    const { burst, perSecond } = this.#rate;
    const name = network(address);
    const { left, at } = this.#buckets.get(name) ?? { left: burst, at: now };
    const bucket = { left: Math.min(burst, left + (now - at) * perSecond), at: now };
    this.#buckets.delete(name); // to the end: heard of last
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > this.#addresses) this.#buckets.delete(this.#buckets.keys().next().value ?? "");
    if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / perSecond));
    bucket.left--;
    return 0;
  }
}

/** Whoever has one IPv6 address has 2^64 of them: they count as one. */
function network(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped || !isIPv6(address)) return mapped ?? address;
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array<string>(Math.max(0, zeros)).fill("0"), ...back].slice(0, 4).join(":");
}
