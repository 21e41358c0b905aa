// Formulas, after sanitising: each `code.math-*` becomes KaTeX's HTML with its MathML, inserted as one string.
// Only KaTeX writes these strings, so they are the only raw HTML in a page.
import type { Element, Root } from "hast";
import katex from "katex";
import { SKIP, visit } from "unist-util-visit";

const limits = { trust: false, maxExpand: 200, maxSize: 20, strict: false, throwOnError: false } as const;

/** One formula as HTML and MathML; TeX that does not parse comes back as text marked as an error, never as markup. */
export function renderMath(tex: string, displayMode: boolean): string {
  try {
    return katex.renderToString(tex, {
      ...limits,
      displayMode,
      output: "htmlAndMathml",
      errorColor: "var(--error, #b00020)",
    });
  } catch {
    // KaTeX throws only on its own faults here; the reader still gets the source.
    return `<code class="math-error">${tex.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)}</code>`;
  }
}

/** The rehype plugin. */
export function mathStrings() {
  return (tree: Root) => {
    visit(tree, "element", (node, index, parent) => {
      const inline = hasClass(node, "math-inline");
      if (node.tagName !== "code" || !parent || index === undefined) return;
      if (!inline && !hasClass(node, "language-math")) return;
      const html = renderMath(textOf(node), !inline);
      if (inline || parent.type !== "element" || parent.tagName !== "pre") {
        parent.children[index] = { type: "raw", value: html };
        return [SKIP, index + 1];
      }
      // <pre><code class="math-display"> → a box that scrolls by itself when the formula is wider than the text
      parent.tagName = "div";
      parent.properties = { className: ["formula", "scroll"] };
      parent.children = [{ type: "raw", value: html }];
      return SKIP;
    });
  };
}

function hasClass({ properties }: Element, name: string): boolean {
  return Array.isArray(properties.className) && properties.className.includes(name);
}

function textOf({ children }: Element): string {
  return children.map((child) => (child.type === "text" ? child.value : "")).join("");
}
