/** Boxes that scroll sideways can be reached by keyboard, but only while there is something to scroll. */
export function scrollBoxes(): void {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) update(target as HTMLElement);
  });
  for (const box of document.querySelectorAll<HTMLElement>(".scroll, pre")) observer.observe(box);
}

function update(box: HTMLElement): void {
  if (box.scrollWidth <= box.clientWidth && box.scrollHeight <= box.clientHeight) {
    for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    return;
  }
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", box.matches(".formula") ? "Wide formula" : box.matches("pre") ? "Code" : "Wide table");
}
