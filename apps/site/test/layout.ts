// What is wrong with a page's layout as it stands: found by its boxes, in any browser.

/** Runs in the page: what overlaps, and what is wider than the screen. */
export function layoutFaults(): string[] {
  const faults: string[] = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`the page is ${wide} px wider than the screen`);
  const named = (element: Element) => {
    const text = element.textContent?.trim().replace(/\s+/g, " ").slice(0, 30) ?? "";
    return `<${element.localName}${element.className && typeof element.className === "string" ? ` class="${element.className}"` : ""}> ${text}`;
  };
  /** What scrolls by itself, draws its own, or is there for screen readers only. */
  const own = ".scroll, pre, .katex, svg, .hidden, .sr-only, .skip, textarea, select";
  const seen = (element: Element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return (
      style.visibility !== "hidden" && box.width > 0 && box.height > 0 && !element.matches(".hidden, .sr-only, .skip")
    );
  };
  /** The children that take part in the layout of a box. */
  const laidOut = (parent: Element): Element[] =>
    [...parent.children].flatMap((child) => {
      const { display, position, float } = getComputedStyle(child);
      if (display === "contents") return laidOut(child);
      if (display.startsWith("inline") && display !== "inline-grid" && display !== "inline-flex") return [];
      if (display.startsWith("table-") || position === "absolute" || position === "fixed" || float !== "none")
        return [];
      return seen(child) ? [child] : [];
    });
  for (const parent of document.querySelectorAll("body, body *")) {
    if (parent.closest(own) && !parent.matches(".scroll")) continue;
    const children = laidOut(parent);
    const boxes = children.map((child) => child.getBoundingClientRect());
    for (let i = 0; i < children.length; i++) {
      const a = boxes[i]!;
      if (a.right > innerWidth + 1 && !children[i]!.closest(own))
        faults.push(`${Math.round(a.right - innerWidth)} px beyond the screen: ${named(children[i]!)}`);
      for (let j = i + 1; j < children.length; j++) {
        const b = boxes[j]!;
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 2 && down > 2)
          faults.push(
            `overlap of ${Math.round(across)} × ${Math.round(down)} px: ${named(children[i]!)} and ${named(children[j]!)}`,
          );
      }
    }
    // A box that is smaller than what stands in it lets its text run over what follows.
    const { overflowX, overflowY, display } = getComputedStyle(parent);
    if (overflowY === "visible" && overflowX === "visible" && display === "block" && seen(parent)) {
      if (
        parent.scrollHeight > parent.clientHeight + 6 &&
        parent.clientHeight > 0 &&
        parent.matches("figure, figcaption, p, section")
      )
        faults.push(`${parent.scrollHeight - parent.clientHeight} px of its content below its end: ${named(parent)}`);
    }
  }
  return faults;
}
