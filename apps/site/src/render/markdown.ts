// Markdown with LaTeX → HTML that is safe to store and to put into a page. Pure: no files, no network, no clock.
import type { Element, Root } from "hast";
import type { Definition, Root as MarkdownRoot, Nodes, Paragraph } from "mdast";
import rehypeSanitize, { defaultSchema } from "rehype-sanitize";
import rehypeStringify from "rehype-stringify";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import remarkParse from "remark-parse";
import remarkRehype from "remark-rehype";
import { type Processor, unified } from "unified";
import { visit } from "unist-util-visit";
import { citations } from "./citations.ts";
import { inlineMath } from "./inline-math.ts";
import { RenderError, withinLimits } from "./limits.ts";
import { mathStrings } from "./math.ts";

/** Raised whenever the same Markdown would give other HTML: stored pages are then rendered again. */
export const rendererVersion = 3;

/** A stored text: the whole, its first paragraph, and both without markup (formulas as TeX). */
export interface Rendered {
  readonly html: string;
  readonly teaserHtml: string;
  readonly teaserText: string;
  /** The whole without markup, a line for each paragraph. */
  readonly text: string;
}

/** What the text may refer to. */
export interface RenderContext {
  /** Text of a citation's link, such as "He et al. 2017"; without it the key is shown. */
  readonly citeLabel?: (key: string) => string | undefined;
  /** Where an image of the text's own folder is served, and its size in pixels; unknown images are not shown. */
  readonly image?: (
    file: string,
  ) => { readonly src: string; readonly width: number; readonly height: number } | undefined;
  /** Begins the ids of this text's footnotes: unlike those of other texts on the same page. */
  readonly name?: string;
}

/**
 * Renders one text. Raw HTML, scripts, foreign images and dangerous links in it do not survive; headings start at h2,
 * below the page's own.
 *
 * @throws RenderError when the text is longer or more deeply nested than anybody writes
 */
export function renderMarkdown(markdown: string, context: RenderContext = {}): Rendered {
  const { name = "user-content" } = context;
  const processor = unified()
    .use(remarkParse)
    .use(remarkGfm)
    .use(remarkMath)
    .use(moneyIsNoFormula)
    .use(citations, { label: context.citeLabel ?? (() => undefined) })
    .use(remarkRehype, { clobberPrefix: "" }) // the sanitizer puts the prefix on, once
    .use(ownImages, context.image ?? (() => undefined))
    .use(rehypeSanitize, { ...schema, clobberPrefix: `${name}-` })
    .use(layout, name)
    .use(mathStrings)
    .use(rehypeStringify, { allowDangerousHtml: true }); // the raw nodes are KaTeX's, see math.ts
  try {
    const tree = processor.parse(withinLimits(markdown));
    const first = tree.children.find((node): node is Paragraph => node.type === "paragraph");
    const teaser = teaserOf(tree, first);
    const teaserText = first ? textOf(first).replace(/\s+/g, " ").trim() : "";
    const teaserHtml = processor.stringify(processor.runSync(teaser));
    const text = linesOf(tree).join("\n");
    return { html: processor.stringify(processor.runSync(tree)), teaserHtml, teaserText, text };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the call stack's end
    throw new RenderError("the text is nested too deeply to be rendered: marks within marks, or lists within lists", {
      cause: error,
    });
  }
}

/** Replaces remark-math's rule for a single sign. */
function moneyIsNoFormula(this: Processor): void {
  const data = this.data();
  data.micromarkExtensions = [...(data.micromarkExtensions ?? []), inlineMath];
}

/** The first paragraph as a text of its own: with what its links refer to, without marks of footnotes. */
function teaserOf({ children }: MarkdownRoot, first: Paragraph | undefined): MarkdownRoot {
  if (!first) return { type: "root", children: [] };
  const paragraph = structuredClone(first);
  visit(paragraph, "footnoteReference", (_, index, parent) => {
    if (parent && index !== undefined) parent.children.splice(index, 1);
    return index;
  });
  const definitions = children.filter((node): node is Definition => node.type === "definition");
  return { type: "root", children: [paragraph, ...structuredClone(definitions)] };
}

const schema: typeof defaultSchema = {
  ...defaultSchema,
  attributes: {
    ...defaultSchema.attributes,
    code: [["className", /^language-[\w-]+$/, "math-inline", "math-display"]],
    a: [
      "href",
      "ariaDescribedBy",
      "ariaLabel",
      "dataFootnoteBackref",
      "dataFootnoteRef",
      ["className", "cite", "data-footnote-backref"],
    ],
    img: ["src", "alt", "title", "width", "height"],
  },
  protocols: { ...defaultSchema.protocols, href: ["http", "https", "mailto"], src: [] },
};

/** Images of the text's own folder get their address and size; any other becomes its alternative text. */
function ownImages(image: NonNullable<RenderContext["image"]>) {
  return (tree: Root) => {
    visit(tree, "element", (node, index, parent) => {
      if (node.tagName !== "img" || !parent || index === undefined) return;
      const known = image(String(node.properties.src ?? ""));
      const alt = String(node.properties.alt ?? "");
      if (known) node.properties = { ...known, alt };
      else parent.children[index] = { type: "text", value: alt === "" ? "[image not shown]" : `[image: ${alt}]` };
    });
  };
}

/** Headings below the page's own, tables in boxes that scroll, foreign links marked as a reader's. */
function layout(name: string) {
  return (tree: Root) => {
    visit(tree, "element", (node, index, parent) => {
      const level = /^h([1-6])$/.exec(node.tagName)?.[1];
      if (level) node.tagName = `h${Math.max(2, Number(level))}`;
      if (node.tagName === "a") markLink(node, name);
      if (node.tagName !== "table" || !parent || index === undefined) return;
      if (parent.type === "element" && hasScroll(parent)) return;
      parent.children[index] = {
        type: "element",
        tagName: "div",
        properties: { className: ["scroll"] },
        children: [node],
      };
    });
  };
}

const home = "https://this.invalid";

/** Where a link leads is judged as a browser does: `//host`, `/\\host` and their like leave this site, too. */
function markLink({ properties }: Element, name: string): void {
  const href = String(properties.href ?? "");
  if (properties.dataFootnoteRef !== undefined || properties.dataFootnoteBackref !== undefined) {
    properties.href = `#${name}-${href.slice(1)}`; // as the sanitizer has named what it leads to
    return;
  }
  if (href === "") return;
  const target = URL.parse(href, `${home}/`);
  if (!target) delete properties.href;
  else if (/^https?:$/.test(target.protocol) && target.origin !== home) {
    if (!/^https?:/i.test(href)) properties.href = target.href; // says the host and how it is asked
    properties.rel = ["ugc", "nofollow", "noopener"];
  }
}

function hasScroll({ properties }: Element): boolean {
  return Array.isArray(properties.className) && properties.className.includes("scroll");
}

function textOf(node: Nodes): string {
  if ("value" in node) return node.type === "html" ? "" : node.value;
  if ("alt" in node) return node.alt ?? "";
  return "children" in node ? node.children.map(textOf).join("") : "";
}

/** Each block's text on a line of its own. */
function linesOf(node: Nodes): string[] {
  const isBlock =
    "children" in node && node.type !== "paragraph" && node.type !== "heading" && node.type !== "tableCell";
  if (isBlock) return node.children.flatMap(linesOf);
  const text = textOf(node).replace(/\s+/g, " ").trim();
  return text === "" ? [] : [text];
}
