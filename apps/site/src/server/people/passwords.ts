// Passwords are kept as scrypt hashes, with the cost that each was made with.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** scrypt's parameters: memory is 128 · N · r bytes. */
export interface PasswordCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 64 MiB, two rounds: one of the settings that OWASP's sheet on storing passwords gives as enough. */
export const passwordCost: PasswordCost = { N: 2 ** 16, r: 8, p: 2 };

const atOnce = 2; // hashes under way: each takes 64 MiB and a core
const hashBytes = 32;

export class Passwords {
  readonly #cost: PasswordCost;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #decoy: Promise<string> | undefined;

  /** @param cost  a test that is not about passwords takes less */
  constructor(cost: PasswordCost = passwordCost) {
    this.#cost = cost;
  }

  async hash(password: string): Promise<string> {
    const { N, r, p } = this.#cost;
    const salt = randomBytes(16);
    const key = await this.#derive(password, salt, this.#cost);
    return ["scrypt", N, r, p, salt.toString("base64url"), key.toString("base64url")].join("$");
  }

  /** With nothing stored it takes as long and is false: how long it takes tells nobody whether there is an account. */
  async verify(password: string, stored: string | null | undefined): Promise<boolean> {
    this.#decoy ??= this.hash("");
    const decoy = await this.#decoy;
    const [scheme, N, r, p, salt = "", key = ""] = (stored ?? decoy).split("$");
    if (scheme !== "scrypt") throw new Error(`a password is stored by a scheme that is not known: ${scheme}`);
    const expected = Buffer.from(key, "base64url");
    const cost = { N: Number(N), r: Number(r), p: Number(p) };
    const found = await this.#derive(password, Buffer.from(salt, "base64url"), cost);
    return timingSafeEqual(found, expected) && stored != null;
  }

  /** Made with another cost than today's: to be made again when its owner signs in. */
  isOutdated(stored: string): boolean {
    const { N, r, p } = this.#cost;
    return !stored.startsWith(`scrypt$${N}$${r}$${p}$`);
  }

  async #derive(password: string, salt: Buffer, { N, r, p }: PasswordCost): Promise<Buffer> {
    if (this.#running >= atOnce) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running++;
    try {
      // As the keyboard of another system would type it.
      return await derive(password.normalize("NFC"), salt, hashBytes, { N, r, p, maxmem: 256 * N * r });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
