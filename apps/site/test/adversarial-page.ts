// The panel "adversarial examples", on a site that has the paper with quickly trained models.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { paperKey } from "../src/run/adversarial/inputs.ts";
import { quickModels } from "./quick-models.ts";
import { watchedSite } from "./watched-site.ts";

const ownContent = fileURLToPath(new URL("../content", import.meta.url));
export const address = `/paper?bibtexKey=${paperKey}`;
/** Seconds of work: time to look at a running panel and to cancel it. */
export const longRun = "#run&digit=t9&network=lenet&target=closest&norm=l2&seed=0";

/** Starts site and browser for the tests around it, and ends them. */
export function panelSite() {
  let models: Awaited<ReturnType<typeof quickModels>>;
  const site = watchedSite(async (folder) => {
    const paper = join(folder, "content", paperKey);
    mkdirSync(paper, { recursive: true });
    for (const file of ["paper.json", "summary.md", "results.json"])
      cpSync(join(ownContent, paperKey, file), join(paper, file));
    models = await quickModels();
    mkdirSync(join(paper, "models"));
    for (const [name, bytes] of models.files) writeFileSync(join(paper, "models", name), bytes);
    writeFileSync(join(paper, "models/models.json"), JSON.stringify(models.models));
    return { contentDir: join(folder, "content") };
  });
  /** What the site ships, beside the site. */
  return { ...site, models: () => models };
}

export const hash = (page: Page) => page.evaluate(() => location.hash); // page.url() lags behind replaceState
