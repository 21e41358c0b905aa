// Runs before the first paint, so that a chosen theme never flashes: loaded in the head, tiny, imports nothing.
{
  const stored = (() => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage forbidden: follow the system
    }
  })();
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
  document.documentElement.classList.add("scripts");
}
