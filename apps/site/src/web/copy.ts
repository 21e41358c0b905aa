/** Buttons `data-copy="ID"` copy that element's text and say so for two seconds. */
export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy ?? "")?.textContent ?? "";
      button.textContent = await navigator.clipboard.writeText(text).then(
        () => "Copied",
        () => "Copying is not allowed here",
      );
      setTimeout(() => {
        button.textContent = label;
      }, 2000);
    });
  }
}
