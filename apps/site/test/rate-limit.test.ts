import { expect, test } from "vitest";
import { RateLimit } from "../src/server/rate-limit.ts";

const rate = { burst: 3, perSecond: 0.5 };

test("an address may ask as often as its bucket holds, then as fast as it fills", () => {
  const limit = new RateLimit(rate);
  const at = (...times: number[]) => times.map((time) => limit.take("192.0.2.1", time));
  expect(at(0, 0, 0, 0, 1)).toEqual([0, 0, 0, 2, 1]);
  expect(at(2, 2)).toEqual([0, 2]);
  expect(at(1000, 1000, 1000, 1000)).toEqual([0, 0, 0, 2]); // no more than it holds
});

test("addresses are counted apart; those of one IPv6 network, and one IPv4 address written both ways, together", () => {
  const limit = new RateLimit({ burst: 1, perSecond: 1 });
  const take = (address: string) => limit.take(address, 0);
  expect([take("192.0.2.1"), take("192.0.2.2"), take("::ffff:192.0.2.1")]).toEqual([0, 0, 1]);
  expect([take("2001:db8::1"), take("2001:db8:0:0:5::2"), take("2001:db8:0:1::1"), take("::1")]).toEqual([0, 1, 0, 0]);
  expect([take("fe80::1%eth0"), take("fe80::2%eth0")]).toEqual([0, 1]);
});

test("no more addresses are remembered than it may; the one heard of longest ago goes", () => {
  const limit = new RateLimit({ burst: 1, perSecond: 0 }, 2);
  const take = (address: string) => limit.take(address, 0) === 0;
  expect([take("a"), take("b"), take("a"), take("c"), take("a"), take("b")]).toEqual([
    true,
    true,
    false,
    true,
    false,
    true,
  ]);
});
