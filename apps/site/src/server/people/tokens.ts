// Secrets that are handed out once; the database holds their hashes, so that a copy of it opens nothing.
import { createHash, randomBytes } from "node:crypto";

/** 256 bits, as text for an address or a cookie. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** A token is random, so that a plain hash suffices. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
