import { scryptSync } from "node:crypto";
import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { Passwords, passwordCost } from "../src/server/people/passwords.ts";

test("a hash is scrypt's, with a salt of its own and OWASP's cost of 64 MiB twice", async () => {
  const passwords = new Passwords();
  const [one, two] = await Promise.all([passwords.hash("correct horse"), passwords.hash("correct horse")]);
  expect(one).not.toBe(two);
  const [scheme, N, r, p, salt = "", key] = one!.split("$");
  expect([scheme, N, r, p]).toEqual(["scrypt", "65536", "8", "2"]);
  const expected = scryptSync("correct horse", Buffer.from(salt, "base64url"), 32, {
    N: 65536,
    r: 8,
    p: 2,
    maxmem: 2 ** 28,
  });
  expect(key).toBe(expected.toString("base64url"));
  expect(passwordCost.N * passwordCost.r * 128).toBe(64 * 2 ** 20);
});

test("the right password is right, however its accents are typed; a hash of another cost is right and outdated", async () => {
  const weak = new Passwords({ N: 16, r: 1, p: 1 });
  const stored = await weak.hash("caf\u00e9 au lait");
  expect(await weak.verify("cafe\u0301 au lait", stored)).toBe(true);
  expect(await weak.verify("cafe au lait", stored)).toBe(false);
  const strong = new Passwords({ N: 32, r: 1, p: 1 });
  expect(await strong.verify("caf\u00e9 au lait", stored)).toBe(true);
  expect([weak.isOutdated(stored), strong.isOutdated(stored)]).toEqual([false, true]);
  await expect(weak.verify("x", "md5$1")).rejects.toThrow("a password is stored by a scheme that is not known: md5");
});

test("where there is no account, no password is right, and finding that out takes as long", async () => {
  const passwords = new Passwords({ N: 2 ** 14, r: 8, p: 1 });
  const stored = await passwords.hash("something");
  expect(await passwords.verify("", undefined)).toBe(false);
  const time = async (hash: string | undefined) => {
    const start = performance.now();
    await passwords.verify("guess", hash);
    return performance.now() - start;
  };
  const best = async (hash: string | undefined) => Math.min(...[await time(hash), await time(hash), await time(hash)]);
  const [known, unknown] = [await best(stored), await best(undefined)];
  expect(unknown / known).toBeGreaterThan(0.3); // without the decoy it is under 0.01
});
