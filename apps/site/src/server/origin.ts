// Under which address readers reach the site, and who asks.
import { networkInterfaces } from "node:os";
import type { Context } from "hono";

/**
 * The public address as it was given, such as https://papers.example.org; without a slash at the end.
 *
 * @throws Error when it is not scheme, host and port alone
 */
export function parseOrigin(text: string): string {
  const url = URL.parse(text.trim());
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== "" ||
    !/^\/?$/.test(url.pathname) ||
    url.search ||
    url.hash
  )
    throw new Error(
      `"${text}" is not the address of a site: give scheme, host and perhaps port, such as https://papers.example.org; the site is at the root of its host`,
    );
  return url.origin;
}

/** The address of a listening server: one that a browser can open, also when it listens on every address there is. */
export function addressesOf(host: string, port: number): { readonly here: string; readonly elsewhere: string } {
  const everywhere = host === "0.0.0.0" || /^[0:]+$/.test(host);
  const local = host.includes(":") ? "[::1]" : "127.0.0.1";
  const shown = everywhere ? local : host.includes(":") ? `[${host.replace("%", "%25")}]` : host;
  const outer = Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === "IPv4")?.address;
  return { here: `http://${shown}:${port}`, elsewhere: `http://${everywhere ? (outer ?? local) : shown}:${port}` };
}

/** What a proxy in front of the site has said of a request: the last of each, which the nearest proxy has written. */
export function forwardedOrigin(c: Context): string | undefined {
  const scheme = last(c.req.header("X-Forwarded-Proto"));
  const host = last(c.req.header("X-Forwarded-Host")) ?? c.req.header("Host");
  if (!scheme && !c.req.header("X-Forwarded-Host")) return undefined;
  const url = URL.parse(`${scheme ?? "http"}://${host ?? ""}`);
  return url && /^https?:$/.test(url.protocol) && /^(\[[\da-f:]+\]|[\w.-]+)(:\d+)?$/i.test(host ?? "")
    ? url.origin
    : undefined;
}

/** The address a request came from; undefined where there is no connection (a test). */
export function clientAddress(c: Context, trustProxy: boolean): string | undefined {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  const peer = env?.incoming?.socket?.remoteAddress;
  return (trustProxy && last(c.req.header("X-Forwarded-For"))) || peer;
}

function last(header: string | undefined): string | undefined {
  return header?.split(",").at(-1)?.trim() || undefined;
}
