// The run panels by name, and putting the right one into a page. Nothing of a panel is loaded before it comes near.
import type { Panel } from "./panel.ts";

/** Each loads only when its page's panel comes near the visible part of the page. */
const panels: Readonly<Record<string, () => Promise<{ readonly panel: Panel }>>> = {
  adversarial: () => import("./panels/adversarial.tsx") as unknown as Promise<{ panel: Panel }>,
  "estimate-pi": () => import("./panels/estimate-pi.ts") as unknown as Promise<{ panel: Panel }>,
  fasttext: () => import("./panels/fasttext.tsx") as unknown as Promise<{ panel: Panel }>,
};

/** Puts the panel into the page's `#run` section, if it has one; the stored result stays until the first run. */
export function mountPanel(): void {
  const section = document.querySelector<HTMLElement>("#run[data-panel]");
  const slot = section?.querySelector<HTMLElement>(".panel-live");
  const load = panels[section?.dataset.panel ?? ""];
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
        slot.textContent = `The panel could not be loaded (${error instanceof Error ? error.message : error}). Reload the page.`;
      });
    },
    { rootMargin: "600px" },
  );
  near.observe(section);
}

async function show(section: HTMLElement, slot: HTMLElement, load: () => Promise<{ readonly panel: Panel }>) {
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
