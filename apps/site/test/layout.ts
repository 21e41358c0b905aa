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
  }
  // What stands in a box that is too small for it runs over what follows the box: text, pictures and controls by themselves.
  const content = "p, li, dt, dd, h1, h2, h3, h4, figcaption, canvas, img, button, input, label, summary";
  const leaves = [...document.querySelectorAll(`main :is(${content})`)]
    .filter((leaf) => {
      const { position } = getComputedStyle(leaf);
      return seen(leaf) && position !== "absolute" && !leaf.closest(`${own}, .digit-picker, .playable`);
    })
    .map((leaf) => ({ leaf, box: leaf.getBoundingClientRect() }))
    .sort((a, b) => a.box.top - b.box.top);
  for (const [i, a] of leaves.entries()) {
    for (const b of leaves.slice(i + 1)) {
      if (b.box.top > a.box.bottom - 2) break;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - b.box.top;
      if (across > 2 && down > 2 && !a.leaf.contains(b.leaf) && !b.leaf.contains(a.leaf))
        faults.push(`${named(a.leaf)} runs ${Math.round(down)} px into ${named(b.leaf)}`);
    }
  }
  return faults;
}
