// `[@key]`, `[@key; @other]` and `\cite{key,other}` in Markdown text become links to the papers' pages.
import type { Link, PhrasingContent, Root, Text } from "mdast";
import { SKIP, visit } from "unist-util-visit";

/** Path of a paper's page; slashes stay readable, everything else is encoded. */
export function paperPath(key: string): string {
  return `/paper?bibtexKey=${encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%3A", ":")}`;
}

// No key holds a bracket, so that no attempt reads past the next one: linear in the text, whatever it is.
const citation = /\[(@[^\s;[\]]+(?:;\s*@[^\s;[\]]+)*)\]|\\cite\{([^{}]+)\}/g;

/** The remark plugin; `label` gives the text of a link ("He et al. 2017"), the key itself when it knows none. */
export function citations({ label }: { label: (key: string) => string | undefined }) {
  return (tree: Root) => {
    visit(tree, "text", (node, index, parent) => {
      if (!parent || index === undefined || parent.type === "link" || parent.type === "linkReference") return;
      const parts = split(node, label);
      if (parts.length === 1) return;
      parent.children.splice(index, 1, ...parts);
      return [SKIP, index + parts.length];
    });
  };
}

/** The keys that a text cites, each once. */
export function citedKeys(markdown: string): string[] {
  const keys = [...markdown.matchAll(citation)].flatMap(keysOf);
  return [...new Set(keys)];
}

function keysOf([, bracketed, command]: RegExpMatchArray): string[] {
  const keys = bracketed ? bracketed.split(/;\s*/).map((key) => key.slice(1)) : (command ?? "").split(",");
  return keys.map((key) => key.trim());
}

function split({ value }: Text, label: (key: string) => string | undefined): PhrasingContent[] {
  const parts: PhrasingContent[] = [];
  let end = 0;
  for (const match of value.matchAll(citation)) {
    if (match.index > end) parts.push({ type: "text", value: value.slice(end, match.index) });
    parts.push({ type: "text", value: "[" });
    for (const [i, key] of keysOf(match).entries()) {
      if (i > 0) parts.push({ type: "text", value: "; " });
      parts.push(link(key, label(key) ?? key));
    }
    parts.push({ type: "text", value: "]" });
    end = match.index + match[0].length;
  }
  if (end < value.length || parts.length === 0) parts.push({ type: "text", value: value.slice(end) });
  return parts;
}

function link(key: string, text: string): Link {
  return {
    type: "link",
    url: paperPath(key),
    children: [{ type: "text", value: text }],
    data: { hProperties: { className: ["cite"] } },
  };
}
