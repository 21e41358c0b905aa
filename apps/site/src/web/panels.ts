// The run panels by their files' names, and putting the right one into a page. Nothing of a panel is loaded before it
// comes near.
import type { Panel } from "./panel.ts";

type Load = () => Promise<{ readonly panel: Panel }>;

/** `panels/NAME.tsx` is the panel of the method NAME. */
export const panels: ReadonlyMap<string, Load> = new Map(
  Object.entries(import.meta.glob<{ readonly panel: Panel }>("./panels/*.tsx")).map(([path, load]) => [
    path.slice("./panels/".length, -".tsx".length),
    load,
  ]),
);

/** Puts the panel into the page's `#run` section, if it has one; the stored result stays until the first run. */
export function mountPanel(): void {
  const section = document.querySelector<HTMLElement>("#run[data-panel]");
  const slot = section?.querySelector<HTMLElement>(".panel-live");
  const load = panels.get(section?.dataset.panel ?? "");
  if (!section || !slot || !load) {
    slot?.remove();
    return;
  }
  const asked = location.hash.startsWith("#run");
  if (asked && location.hash !== "#run") section.scrollIntoView(); // the browser only knows "#run" itself
  const near = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      show(section, slot, load).catch((error: unknown) => {
        section.dataset.ready = ""; // the stored run is all there is
        slot.textContent = `The panel could not be loaded (${error instanceof Error ? error.message : error}). Reload the page.`;
      });
    },
    { rootMargin: "600px" },
  );
  near.observe(section);
}

async function show(section: HTMLElement, slot: HTMLElement, load: Load) {
  const [{ panel }, { h, render }, { PanelShell }] = await Promise.all([
    load(),
    import("preact"),
    import("./panel-shell.tsx"),
  ]);
  const stored = section.querySelector<HTMLElement>(".panel-stored");
  const onLive = (live: boolean) => {
    if (stored) stored.hidden = live;
  };
  render(h(PanelShell, { panel, onLive }), slot);
  section.dataset.ready = "";
}
