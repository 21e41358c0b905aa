import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderMarkdown } from "../src/render/markdown.ts";
import { renderMath } from "../src/render/math.ts";

const html = (markdown: string) => renderMarkdown(markdown).html;

/** Every tag and attribute that rendered text may hold; KaTeX's MathML and SVG included. */
const tags =
  "a annotation blockquote br circle code del div em h2 h3 h4 h5 h6 hr img input li line math menclose mfrac mi mn mo mover mpadded mphantom mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover ol p path pre section semantics span strong sup svg table tbody td th thead tr ul".split(
    " ",
  );
const attributes =
  "align alt aria-describedby aria-hidden aria-label checked class columnalign columnspacing d data-footnote-backref data-footnote-ref data-footnotes dir disabled display encoding height href id linebreak mathbackground mathcolor mathvariant preserveaspectratio rel rowspacing scriptlevel src start stretchy style title type viewbox width xmlns fence lspace rspace separator minsize maxsize accent accentunder voffset displaystyle".split(
    " ",
  );

/** Names every tag, attribute, link and style of the HTML that is not on the lists. */
function offences(text: string): string[] {
  const found: string[] = [];
  const withoutTags = text.replace(
    /<(\/?)([a-zA-Z][^\s/>]*)((?:\s+[^\s=>"']+(?:="[^"]*")?)*)\s*\/?>/g,
    (_, _close, tag, rest) => {
      if (!tags.includes(tag)) found.push(`<${tag}>`);
      for (const [, name = "", value = ""] of String(rest).matchAll(/([^\s=]+)(?:="([^"]*)")?/g)) {
        if (!attributes.includes(name.toLowerCase())) found.push(`${tag} ${name}`);
        if ((name === "href" || name === "src") && !/^(https?:\/\/|mailto:|\/|#)/.test(value))
          found.push(`${name}=${value}`);
        if (name === "style" && /url|expression|@import|position:\s*fixed/i.test(value)) found.push(`style=${value}`);
        if (name === "src" && /^https?:/.test(value)) found.push(`src=${value}`);
      }
      return "";
    },
  );
  if (withoutTags.includes("<"))
    found.push(`text with <: ${withoutTags.slice(withoutTags.indexOf("<"), withoutTags.indexOf("<") + 60)}`);
  return found;
}

test("the checker itself finds what must not be there", () => {
  expect(offences('<p onclick="x">')).toEqual(["p onclick"]);
  expect(offences("<script>1</script>")).toEqual(["<script>", "<script>"]);
  expect(offences('<a href="javascript:x">')).toEqual(["href=javascript:x"]);
  expect(offences('<img src="https://evil.example/x.png">')).toEqual(["src=https://evil.example/x.png"]);
  expect(offences("<img src=x onerror=y>")).not.toEqual([]);
});

const hostile = readFileSync(new URL("./fixtures/hostile.md", import.meta.url), "utf8");

test("the whole hostile text is harmless", () => {
  const rendered = renderMarkdown(hostile);
  expect(offences(rendered.html)).toEqual([]);
  expect(offences(rendered.teaserHtml)).toEqual([]);
});

test.each(hostile.split("\n\n").map((part) => [part]))("harmless by itself: %s", (part) => {
  expect(offences(html(part))).toEqual([]);
});

test("the golden of the hostile text", async () => {
  await expect(html(hostile)).toMatchFileSnapshot("./fixtures/hostile.golden.html");
});

test("the golden of a text with everything that is allowed", async () => {
  const source = readFileSync(
    new URL("./fixtures/content/journals/corr/SampleRun21/summary.md", import.meta.url),
    "utf8",
  );
  await expect(html(source)).toMatchFileSnapshot("./fixtures/sample.golden.html");
  expect(offences(html(source))).toEqual([]);
});

test("formulas keep MathML with their TeX and are hidden only in their visual copy", () => {
  const text = html("So $a^2$.");
  expect(text).toContain('<annotation encoding="application/x-tex">a^2</annotation>');
  expect(text).toContain('class="katex-html" aria-hidden="true"');
});

test("display formulas stand in a box that scrolls", () => {
  expect(html("$$\nx\n$$")).toMatch(/^<div class="formula scroll"><span class="katex-display">/);
  expect(html("```math\nx\n```")).toMatch(/^<div class="formula scroll"><span class="katex-display">/);
});

test("TeX that does not parse shows its source, marked, and does not stop the text", () => {
  const text = html("Before $\\frac{1$ after.");
  expect(text).toContain("katex-error");
  expect(text).toContain("\\frac{1");
  expect(text).toContain("after.");
});

test("macros that grow without end stop at KaTeX's limit", () => {
  expect(renderMath("\\def\\a{\\a\\a}\\a", true)).toContain("katex-error");
});

test("citations become links: the label where it is known, the key elsewhere", () => {
  const citeLabel = (key: string) => (key === "a/b" ? "Bell 1964" : undefined);
  expect(renderMarkdown("See [@a/b; @c/d] and \\cite{a/b,c/d}.", { citeLabel }).html).toBe(
    '<p>See [<a href="/paper?bibtexKey=a/b" class="cite">Bell 1964</a>; <a href="/paper?bibtexKey=c/d" class="cite">c/d</a>] and [<a href="/paper?bibtexKey=a/b" class="cite">Bell 1964</a>; <a href="/paper?bibtexKey=c/d" class="cite">c/d</a>].</p>',
  );
});

test("citations are left alone in code, in links and in e-mail addresses", () => {
  expect(html("`[@a]` [\\cite{a}](/x) me@a.org")).not.toContain("bibtexKey");
});

test("headings start at h2, below the page's title", () => {
  expect(html("# A\n\n## B\n\n### C\n\n###### D")).toBe("<h2>A</h2>\n<h2>B</h2>\n<h3>C</h3>\n<h6>D</h6>");
});

test("foreign links are marked as a reader's, own links are not", () => {
  expect(html("[a](https://example.org) [b](/about)")).toBe(
    '<p><a href="https://example.org" rel="ugc nofollow noopener">a</a> <a href="/about">b</a></p>',
  );
});

test("only images of the text's own folder are shown, with their size", () => {
  const image = (file: string) => (file === "x.png" ? { src: "/content/k/x.png", width: 3, height: 2 } : undefined);
  const text = renderMarkdown("![One](x.png) ![Two](https://evil.example/y.png) ![](z.png)", { image }).html;
  expect(text).toBe(
    '<p><img src="/content/k/x.png" width="3" height="2" alt="One"> [image: Two] [image not shown]</p>',
  );
});

test("the teaser is the first paragraph, as HTML and as text with formulas as TeX", () => {
  const { teaserHtml, teaserText } = renderMarkdown("# Title\n\nFirst *one* with $x_1$ &\n`code`.\n\nSecond.");
  expect(teaserText).toBe("First one with x_1 & code.");
  expect(teaserHtml).toMatch(/^<p>First <em>one<\/em> with <span class="katex">/);
  expect(teaserHtml).not.toContain("Second");
});

test("an empty text and one without a paragraph have an empty teaser", () => {
  expect(renderMarkdown("")).toEqual({ html: "", teaserHtml: "", teaserText: "" });
  expect(renderMarkdown("# Only a title").teaserText).toBe("");
});

test("a pathological text renders in reasonable time", { timeout: 5000 }, () => {
  expect(offences(html(`${"[".repeat(2000)}${"*a ".repeat(2000)}`))).toEqual([]);
});
