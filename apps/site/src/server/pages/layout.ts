// The frame of every page: head, header, footer.
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { EntryFiles } from "../assets.ts";
import { feedLinks, type PageFeed } from "../feeds/links.ts";
import { isAtLeast, type Viewer } from "../people/sessions.ts";
import { repeatSign } from "./repeat-sign.ts";

/** Safe HTML, as the `html` tag makes it. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** What the frame needs of the site. */
export interface Frame {
  /** Scheme, host and port under which readers reach the site, without a slash at the end. */
  readonly origin: string;
  readonly entry: (name: string) => EntryFiles;
  /** Name of the run panel of a paper, if it has one. */
  readonly panelOf: (bibtexKey: string) => string | undefined;
  /** Who reads the page; pages that are kept for many are nobody's. */
  readonly viewer?: Viewer | undefined;
}

interface Meta {
  readonly title: string;
  readonly description: string;
  /** Path and query of the page's one true address; none for pages that should not be found. */
  readonly path: string | null;
  readonly type?: "website" | "article";
  /** What stands in the search field. */
  readonly query?: string;
  /** More of the head: link and meta elements. */
  readonly head?: Html | undefined;
  /** A feed of what the page is about, beside that of all summaries. */
  readonly feed?: PageFeed | undefined;
  /** Structured data, schema.org as JSON-LD. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A whole document. */
export async function page(frame: Frame, meta: Meta, main: Html): Promise<string> {
  const { script, styles, fonts } = frame.entry("site.ts");
  const title = meta.title === "Reprise" ? "Reprise — paper summaries that run" : `${meta.title} — Reprise`;
  const document = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${meta.description}">
${
  meta.path === null
    ? html`<meta name="robots" content="noindex">`
    : html`<link rel="canonical" href="${frame.origin}${meta.path}">
<meta property="og:url" content="${frame.origin}${meta.path}">`
}
<meta property="og:site_name" content="Reprise">
<meta property="og:type" content="${meta.type ?? "website"}">
<meta property="og:title" content="${meta.title}">
<meta property="og:description" content="${meta.description}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
${feedLinks({ title: "The newest summaries" })}
${meta.feed ? feedLinks(meta.feed) : ""}
<script src="${frame.entry("theme.ts").script}"></script>
${fonts.map((href) => html`<link rel="preload" href="${href}" as="font" type="font/woff2" crossorigin>`)}
${styles.map((href) => html`<link rel="stylesheet" href="${href}">`)}
<script type="module" src="${script}"></script>
${meta.head ?? ""}
${meta.data ? html`<script type="application/ld+json">${raw(jsonForScript(meta.data))}</script>` : ""}
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="brand" href="/">${repeatSign}Reprise</a>
<form class="find" action="/search" role="search" aria-label="All papers">
<label class="hidden" for="find">Search papers</label>
<input id="find" name="q" type="search" placeholder="Search" maxlength="200" autocomplete="off" value="${meta.query ?? ""}">
</form>
<nav aria-label="Site">${navigation.map(
    ([path, label]) => html`<a href="${path}"${path === meta.path ? raw(' aria-current="page"') : ""}>${label}</a>`,
  )}${accountLinks(frame.viewer)}</nav>
<button class="theme" type="button" aria-label="Dark theme" aria-pressed="false"><svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><circle cx="9" cy="9" r="7.25" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M9 1.75a7.25 7.25 0 0 1 0 14.5z" fill="currentColor"/></svg></button>
</header>
<main id="main" tabindex="-1">${main}</main>
<footer class="bottom">
<span class="staff">${repeatSign}</span>
<p>Everything on these pages comes from this server; nothing you try here is sent anywhere. Summaries CC BY 4.0, code Apache-2.0.</p>
</footer>
</body>
</html>
`;
  return String(document);
}

const navigation = [
  ["/", "Papers"],
  ["/about", "About"],
] as const;

function accountLinks(viewer: Viewer | undefined): Html {
  if (!viewer) return html`<a href="/sign-in">Sign in</a>`;
  return html`${isAtLeast(viewer.role, "moderator") ? html`<a href="/moderate">Moderate</a>` : ""}<a href="/account">${viewer.name}</a>`;
}

/** JSON that cannot end the script element it stands in. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}
