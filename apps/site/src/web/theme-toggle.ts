// The theme button: light and dark by hand; the system's choice until it is first pressed.

/** Makes the button work; the choice is kept in this browser. */
export function themeToggle(): void {
  const button = document.querySelector<HTMLButtonElement>("button.theme");
  if (!button) return;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // storage forbidden: the choice lasts for this page
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}
