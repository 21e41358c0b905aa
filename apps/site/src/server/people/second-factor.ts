// The second factor: codes by time (RFC 6238: SHA-1, 30 s, six digits, as every such app has them), and recovery codes.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Kysely } from "kysely";
import type { Tables } from "../database/schema.ts";
import { hashToken } from "./tokens.ts";

const stepSeconds = 30;
const recoveryCodes = 10;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code of a time step, RFC 4226 §5.3. */
export function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = mac[19]! & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

export function fromBase32(text: string): Uint8Array {
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

export async function secondFactorOf(db: Kysely<Tables>, userId: number) {
  return db
    .selectFrom("users")
    .where("id", "=", userId)
    .select(["totp_secret as secret", "totp_since as since", "totp_step as step"])
    .executeTakeFirst();
}

/** A new secret to be put into an app; nothing is asked for until a code of it has come back. */
export async function beginSecondFactor(db: Kysely<Tables>, userId: number): Promise<string> {
  const secret = toBase32(randomBytes(20));
  await db
    .updateTable("users")
    .set({ totp_secret: secret, totp_step: null })
    .where("id", "=", userId)
    .where("totp_since", "is", null)
    .execute();
  return (await secondFactorOf(db, userId))?.secret ?? secret;
}

/** From now on it is asked for. @returns codes for when the device is lost, each of which works once */
export async function turnOn(db: Kysely<Tables>, userId: number): Promise<string[]> {
  const codes = Array.from({ length: recoveryCodes }, () => toBase32(randomBytes(10)).toLowerCase());
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("users").set({ totp_since: new Date() }).where("id", "=", userId).execute();
    await trx.deleteFrom("recovery_codes").where("user_id", "=", userId).execute();
    await trx
      .insertInto("recovery_codes")
      .values(codes.map((code) => ({ code_hash: hashToken(code), user_id: userId })))
      .execute();
  });
  return codes;
}

export async function turnOff(db: Kysely<Tables>, userId: number): Promise<void> {
  await db.deleteFrom("recovery_codes").where("user_id", "=", userId).execute();
  await db
    .updateTable("users")
    .set({ totp_secret: null, totp_since: null, totp_step: null })
    .where("id", "=", userId)
    .execute();
}

/** Whether this code is the person's now; it is used up by this, also against one who sends it at the same time. */
export async function useCode(db: Kysely<Tables>, userId: number, typed: string): Promise<boolean> {
  const code = typed.replace(/[\s-]/g, "").toLowerCase();
  if (!/^\d{6}$/.test(code)) {
    const used = await db
      .deleteFrom("recovery_codes")
      .where("user_id", "=", userId)
      .where("code_hash", "=", hashToken(code))
      .returning("user_id")
      .executeTakeFirst();
    return used !== undefined;
  }
  const factor = await secondFactorOf(db, userId);
  if (!factor?.secret) return false;
  const secret = fromBase32(factor.secret);
  const now = Math.floor(Date.now() / 1000 / stepSeconds);
  // One step either way: clocks differ.
  const step = [now - 1, now, now + 1].find((at) =>
    timingSafeEqual(Buffer.from(codeOf(secret, at)), Buffer.from(code)),
  );
  if (step === undefined) return false;
  const used = await db
    .updateTable("users")
    .set({ totp_step: step })
    .where("id", "=", userId)
    .where((eb) => eb.or([eb("totp_step", "is", null), eb("totp_step", "<", step)]))
    .returning("id")
    .executeTakeFirst();
  return used !== undefined;
}
