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
  expect(renderMarkdown("")).toEqual({ html: "", teaserHtml: "", teaserText: "", text: "" });
  expect(renderMarkdown("# Only a title").teaserText).toBe("");
});

test("the text without markup has a line for each block, formulas as TeX, and no HTML", () => {
  const { text } = renderMarkdown(
    "# A *title*\n\nTwo\nlines, $x^2$ and [a link](/p/x).\n\n- one\n- two\n\n<b>raw</b>\n\n| a | b |\n|---|---|\n| 1 | 2 |",
  );
  expect(text.split("\n")).toEqual(["A title", "Two lines, x^2 and a link.", "one", "two", "raw", "a", "b", "1", "2"]);
});

test("a footnote's links lead to it and back, each to the id that is there, also when it is cited twice", () => {
  const text = renderMarkdown("a[^1] b[^1] c[^long name]\n\n[^1]: One.\n[^long name]: [Two](#run).", {
    name: "s7",
  }).html;
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  const links = [...text.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
  expect(ids.length).toBe(new Set(ids).size);
  expect(ids.every((id) => /^s7-(fn|fnref|footnote-label)/.test(id ?? ""))).toBe(true);
  expect(links.filter((id) => id !== "run").every((id) => ids.includes(id))).toBe(true);
  expect(links).toContain("s7-fn-1");
  expect(links).toContain("s7-fnref-1-2");
  expect([...text.matchAll(/aria-describedby="([^"]+)"/g)].every(([, id]) => ids.includes(id))).toBe(true);
});

test("the teaser has no mark of a footnote, and its links lead where the text's do", () => {
  const { teaserHtml, teaserText } = renderMarkdown("First[^1] and [b][r].\n\n[^1]: Note.\n\n[r]: https://example.org");
  expect(teaserHtml).toBe('<p>First and <a href="https://example.org" rel="ugc nofollow noopener">b</a>.</p>');
  expect(teaserText).toBe("First and b.");
});

const formulas = (markdown: string) =>
  [...html(markdown).matchAll(/<annotation encoding="application\/x-tex">(.*?)<\/annotation>/gs)].map(([, tex]) => tex);

test.each([
  "It costs $5 and $10.",
  "From $5 to $10, or $20,000 and USD$30,000",
  "US$5/$10",
  "$5–$10",
  "a $ b $ c",
  "5 $ or $ 6",
  "$x$2 is no formula: a digit follows",
  "\\$5 and 6\\$",
  "just $5",
])("money is text: %s", (text) => {
  expect(formulas(text)).toEqual([]);
  expect(html(text)).toContain("$");
});

test.each([
  ["It costs $5, and $x$ is a formula.", ["x"]],
  ["$a$, ($b$) and $c$-axis: $d$", ["a", "b", "c", "d"]],
  ["$5 and $10 and $1 + 1 = 2$", ["1 + 1 = 2"]],
  ["$$a$$ and $$ b $$", ["a", " b "]],
  ["$\\$5$", ["\\$5"]],
  ["$a\nb$", ["a\nb"]],
  ["**$a$** [$b$](/x)", ["a", "b"]],
])("formulas are found in %j", (text, expected) => {
  expect(formulas(text)).toEqual(expected);
});

test.each([
  ["//evil.example/x", "https://evil.example/x"],
  ["///evil.example/x", "https://evil.example/x"],
  ["http:evil.example", "http:evil.example"],
])("the link %s leaves the site, and says so", (href, sent) => {
  expect(html(`[a](${href})`)).toBe(`<p><a href="${sent}" rel="ugc nofollow noopener">a</a></p>`);
});

test("a link that is no address leads nowhere", () => {
  expect(html("[a](//)")).toBe("<p><a>a</a></p>");
});

/** Texts that took seconds or minutes: quadratic in brackets, tildes, stars, dollars, addresses, definitions. */
const hostileRuns = {
  "[@a; ": 20_000,
  "[@": 40_000,
  "[@a;@a": 16_000,
  "[@a]": 25_000,
  "\\cite{": 14_000,
  "\\cite{a,": 12_000,
  "![": 40_000,
  "[a](": 25_000,
  "[a]: x\n": 14_000,
  "[^1]": 25_000,
  "~~a": 33_000,
  "*a ": 33_000,
  __a_: 25_000,
  "$a ": 33_000,
  "$x$ ": 25_000,
  "`a ": 33_000,
  "a@b.": 25_000,
  "<a ": 33_000,
  "&amp": 25_000,
};
test.each(Object.entries(hostileRuns))("100 kB of %j take no second of the processor, and are shown", (part, times) => {
  const start = process.cpuUsage();
  const text = html(part.repeat(times));
  const { user, system } = process.cpuUsage(start); // what other programs take does not count
  expect((user + system) / 1e6).toBeLessThan(1);
  expect(text.length).toBeGreaterThan(part.length * times * 0.9);
  expect(offences(text)).toEqual([]);
});

test("citations alone are found in linear time", () => {
  const time = (n: number) => {
    const start = performance.now();
    renderMarkdown(`${"[@a;@b; ".repeat(n)} \\cite{a`, {});
    return performance.now() - start;
  };
  time(400);
  expect(time(900)).toBeLessThan(500);
});

test("a block with thousands of marks is shown as it was written; the blocks around it are rendered", () => {
  const text = html(`*a*\n\n${"[`".repeat(1500)}\n\n*b*\n\n\`\`\`\n${"[".repeat(3000)}\n\`\`\``);
  expect(text.replaceAll("[`", "").replaceAll("[", "")).toBe(
    "<p><em>a</em></p>\n<pre><code>\n</code></pre>\n<p><em>b</em></p>\n<pre><code>\n</code></pre>",
  );
});

test.each([
  [
    "quotations",
    ">".repeat(3000),
    "line 1 is nested 3000 levels deep in lists and quotations; at most 50 are rendered",
  ],
  ["quotations with spaces", "> ".repeat(60), "line 1 is nested 60 levels deep"],
  ["lists on one line", "- ".repeat(500), "line 1 is nested 500 levels deep"],
  ["numbered lists", "1. ".repeat(500), "line 1 is nested 500 levels deep"],
  [
    "lists line by line",
    Array.from({ length: 300 }, (_, i) => `${"  ".repeat(i)}- a`).join("\n"),
    "line 51 is nested 51",
  ],
  [
    "lists with empty lines between",
    Array.from({ length: 300 }, (_, i) => `${"  ".repeat(i)}* a`).join("\n\n"),
    "line 101 is nested 51",
  ],
  ["lists in quotations", Array.from({ length: 80 }, (_, i) => `> ${"  ".repeat(i)}- a`).join("\n"), "levels deep"],
  ["underlined headings", "a\n=\n".repeat(1001), "line 2002 begins one more quotation, note or underlined heading"],
  ["quotations one after the other", "> a\n\n".repeat(1001), "line 2001 begins one more quotation, note or"],
  ["notes", "a[^1]\n\n[^1]: b\n\n".repeat(1001), "line 4003 begins one more quotation, note or"],
  ["too much text", "a ".repeat(100_001), "the text has 200,002 characters; at most 200,000 are rendered"],
])("%s beyond what people write are refused at once, with the place", (_, text, message) => {
  const start = performance.now();
  expect(() => renderMarkdown(text)).toThrow(message);
  expect(performance.now() - start).toBeLessThan(500);
});

test("hundreds of quotations, notes, rules and underlined headings take no quadratic time", { timeout: 5000 }, () => {
  const start = performance.now();
  expect(html("a\n=\n\n> b\n> c\n\n***\n\nd[^1]\n\n[^1]: e\n\n".repeat(300))).toContain("<blockquote>");
  expect(performance.now() - start).toBeLessThan(3000);
});

test("what people write is not refused: deep lists, code far to the right, long code", () => {
  const list = Array.from({ length: 12 }, (_, i) => `${"    ".repeat(i)}1. a`).join("\n");
  const code = `\`\`\`\n${" ".repeat(300)}- a\n${"[x] ".repeat(5000)}\n\`\`\``;
  expect(html(`${list}\n\n${code}\n\n    ${" ".repeat(200)}- a`)).toMatch(/(<ol>\s*<li>a\s*){12}/);
});

test("marks within marks end in an error of ours, not of the call stack", () => {
  const deep = `${"*a **b ".repeat(180)}${"b** a*".repeat(180)}`;
  expect(offences(html(deep))).toEqual([]);
});

test("a pathological text renders in reasonable time", { timeout: 5000 }, () => {
  expect(offences(html(`${"[".repeat(2000)}${"*a ".repeat(2000)}`))).toEqual([]);
});
