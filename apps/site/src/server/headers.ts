// What every answer tells the browser it may do, and what no foreign page may make it do here.
import type { Context, MiddlewareHandler } from "hono";

const policy = [
  "default-src 'none'",
  "media-src blob:", // videos of the reader's, which stay in the page
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'", // KaTeX places glyphs with style attributes
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const securityHeaderList: readonly (readonly [string, string])[] = [
  ["Content-Security-Policy", policy],
  // Together they give SharedArrayBuffer, which threads of WebAssembly need.
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Embedder-Policy", "require-corp"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "strict-origin-when-cross-origin"],
  ["Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"],
];

/** Sets the security headers on every answer, errors included. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of securityHeaderList) c.res.headers.set(name, value);
};

/**
 * Refuses requests that change something when another site caused them: by Fetch Metadata where the browser sends it,
 * else by Origin. A request with neither is refused too.
 *
 * @param originOf  where readers reach the site, which behind a proxy is not the address that the request names
 */
export function sameOriginOnly(originOf: (c: Context) => string): MiddlewareHandler {
  return async (c, next) => {
    if (["GET", "HEAD", "OPTIONS"].includes(c.req.method)) return next();
    const site = c.req.header("Sec-Fetch-Site");
    const origin = c.req.header("Origin");
    const own = [originOf(c), new URL(c.req.url).origin];
    const same = site !== undefined ? site === "same-origin" || site === "none" : own.includes(origin ?? "");
    if (!same)
      return c.text(
        `403: a ${c.req.method} request must come from this site's own pages (Sec-Fetch-Site or Origin)`,
        403,
      );
    return next();
  };
}
