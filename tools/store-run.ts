// Runs a paper's panel on Node with its default inputs, and stores what the page shows before anything is pressed and
// without scripts:  node tools/run.mjs tools/store-run.ts KEY [FOLDER]
// A panel declares its run as `storedRun` in apps/site/src/web/panels/<method>/stored-run.node.ts.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createFolder, writeFileAtomic } from "@reprise/data/node";
import { machine } from "@reprise/experiment/node";
import { paperOf, papers } from "@reprise/papers";
import { runFile, type StoredRun } from "../apps/site/src/server/content-format.ts";

/** What a panel gives. */
interface PanelRun extends Pick<StoredRun, "title" | "caption" | "table"> {
  readonly figure: { readonly svg: string; readonly width: number; readonly height: number; readonly alt: string };
}

const pathTo = (path: string) => fileURLToPath(new URL(`../apps/site/${path}`, import.meta.url));
const panelOf = (method: string) => pathTo(`src/web/panels/${method}/stored-run.node.ts`);

const [key = "", folder = pathTo(`content/${key}/run`)] = process.argv.slice(2);
const paper = paperOf(key);
if (!paper || !existsSync(panelOf(paper.method))) {
  const keys = papers.filter(({ method }) => existsSync(panelOf(method))).map((each) => each.key);
  console.error(`store-run: no panel declares a stored run of "${key}"; there are ${keys.join(", ")}`);
  process.exit(2);
}
const { storedRun } = (await import(panelOf(paper.method))) as {
  storedRun: (content: string) => Promise<PanelRun>;
};
const { figure, ...told } = await storedRun(pathTo(`content/${key}`));
const { svg, ...size } = figure;
const stored: StoredRun = runFile.parse({
  ...told,
  command: `node tools/run.mjs tools/store-run.ts ${key}`,
  machine: machine(),
  date: new Date().toISOString(),
  image: { file: "figure.svg", ...size },
});
await createFolder(folder);
await writeFileAtomic(`${folder}/figure.svg`, svg);
await writeFileAtomic(`${folder}/result.json`, `${JSON.stringify(stored, null, 2)}\n`);
console.log(stored.caption);
