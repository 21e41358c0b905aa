/** Buttons `data-copy="ID"` copy that element's text and say so for two seconds. */
export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy ?? "");
      if (!source) return;
      button.textContent = (await copied(source)) ? "Copied" : "Selected: copy it by keyboard";
      setTimeout(() => {
        button.textContent = label;
      }, 2000);
    });
  }
}

/** Over plain http there is no clipboard to write to, but what is selected can be copied; it stays selected if not. */
async function copied(source: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    if (!document.execCommand("copy")) return false;
    getSelection()?.removeAllRanges();
    return true;
  }
}

/** Copied text has formulas once, as TeX; by itself a browser copies each twice, a glyph a line. */
export function copyFormulas(): void {
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (!event.clipboardData || !selection || selection.isCollapsed) return;
    const range = selection.getRangeAt(0).cloneRange();
    // Of a formula that is selected in part, the whole.
    const [first, last] = [formulaAround(range.startContainer), formulaAround(range.endContainer)];
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const box = document.createElement("div");
    box.append(range.cloneContents());
    const formulas = box.querySelectorAll(".katex");
    if (formulas.length === 0) return;
    for (const formula of formulas) {
      const tex = formula.querySelector("annotation")?.textContent ?? "";
      const display = formula.closest(".katex-display");
      (display ?? formula).replaceWith(display ? `$$${tex}$$` : `$${tex}$`);
    }
    // Only what is laid out has line breaks between its paragraphs.
    box.style.cssText = "position: absolute; left: -9999px";
    document.body.append(box);
    // biome-ignore lint/performance/useDomNodeTextContent: as above
    event.clipboardData.setData("text/plain", box.innerText);
    event.clipboardData.setData("text/html", box.innerHTML);
    box.remove();
    event.preventDefault();
  });
}

function formulaAround(node: Node): Element | null {
  const element = node instanceof Element ? node : node.parentElement;
  return element?.closest(".katex-display, .katex") ?? null;
}
