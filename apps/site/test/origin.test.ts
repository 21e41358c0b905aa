import { Hono } from "hono";
import { expect, test } from "vitest";
import { addressesOf, clientAddress, forwardedOrigin, parseOrigin } from "../src/server/origin.ts";

test.each([
  ["https://papers.example.org", "https://papers.example.org"],
  ["https://Papers.Example.org/", "https://papers.example.org"],
  [" http://10.0.0.1:8080 ", "http://10.0.0.1:8080"],
  ["https://example.org:443", "https://example.org"],
  ["http://[2001:db8::1]:3000", "http://[2001:db8::1]:3000"],
])("%s is a public address", (text, origin) => {
  expect(parseOrigin(text)).toBe(origin);
});

test.each([
  "papers.example.org",
  "ftp://example.org",
  "https://example.org/papers",
  "https://a:b@example.org",
  "",
  "https://",
  "https://example.org?x",
  "https://example.org/#x",
  "javascript:alert(1)",
])("%j is refused as one, with an example", (text) => {
  expect(() => parseOrigin(text)).toThrow(
    `"${text}" is not the address of a site: give scheme, host and perhaps port, such as https://papers.example.org; the site is at the root of its host`,
  );
});

test("a server that listens everywhere has an address that a browser can open", () => {
  expect(addressesOf("127.0.0.1", 3000)).toEqual({ here: "http://127.0.0.1:3000", elsewhere: "http://127.0.0.1:3000" });
  expect(addressesOf("::1", 3000).here).toBe("http://[::1]:3000");
  for (const host of ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]) {
    const { here, elsewhere } = addressesOf(host, 3000);
    expect(here).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):3000$/);
    expect(elsewhere).toMatch(/^http:\/\/(?!0\.0\.0\.0)[\d.]+:3000$|^http:\/\/\[::1\]:3000$/);
  }
});

/** What the two functions make of a request's headers. */
async function asked(headers: Record<string, string>, trustProxy: boolean) {
  const app = new Hono();
  app.get("/", (c) => c.json({ origin: forwardedOrigin(c) ?? null, from: clientAddress(c, trustProxy) ?? null }));
  const connection = { incoming: { socket: { remoteAddress: "192.0.2.9" } } };
  return (await app.request("/", { headers }, connection)).json();
}

test.each([
  [{}, null],
  [{ "X-Forwarded-Proto": "https", Host: "example.org" }, "https://example.org"],
  [{ "X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org:8443" }, "https://example.org:8443"],
  [{ "X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, example.org" }, "https://example.org"],
  [{ "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "example.org" }, null],
  [{ "X-Forwarded-Proto": "https", "X-Forwarded-Host": 'example.org"><script>' }, null],
  [{ "X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org/x" }, null],
])("a proxy that sends %j stands at %j", async (headers, origin) => {
  expect((await asked(headers as Record<string, string>, true)).origin).toBe(origin);
});

test("who asks is the connection's other end, or what a trusted proxy says last", async () => {
  const headers = { "X-Forwarded-For": "198.51.100.1, 203.0.113.5" };
  expect((await asked(headers, false)).from).toBe("192.0.2.9");
  expect((await asked(headers, true)).from).toBe("203.0.113.5");
  expect((await asked({}, true)).from).toBe("192.0.2.9");
});
