// The API reference of every package as HTML, by typedoc:  node tools/run.mjs tools/api-reference/make.ts OUT_DIR
// typedoc needs a TypeScript with a JavaScript API, so this folder is a package of its own.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, LogLevel, PageEvent } from "typedoc";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every module that the packages export, by its source: "packages/engine/src/node.ts" → "@reprise/engine/node". */
function exportedModules(): Map<string, string> {
  const modules = new Map<string, string>();
  for (const file of globSync("{packages,methods,apps}/*/package.json", { cwd: root }).sort()) {
    const { name, exports = {} } = JSON.parse(readFileSync(join(root, file), "utf8")) as {
      name: string;
      exports?: Record<string, string>;
    };
    for (const [entry, source] of Object.entries(exports)) {
      modules.set(join(dirname(file), source), name + entry.slice(1));
    }
  }
  return modules;
}

const out = process.argv[2];
if (!out) throw new Error("give the folder for the pages: make.ts OUT_DIR");
const modules = exportedModules();
const app = await Application.bootstrap({
  entryPoints: [...modules.keys()].map((source) => join(root, source)),
  tsconfig: join(root, "tsconfig.json"),
  skipErrorChecking: true, // tsc has checked them, and it is another TypeScript
  name: "Reprise",
  readme: "none",
  disableGit: true,
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  githubPages: false,
  hideGenerator: true,
  logLevel: LogLevel.Error,
  validation: false,
  navigation: { includeCategories: false, includeGroups: false, includeFolders: false },
});
// The site allows no script inside a page. This one chooses light or dark early; main.js does it a moment later.
app.renderer.on(PageEvent.END, (page) => {
  if (page.contents) page.contents = page.contents.replace(/<script>[^<]*<\/script>/g, "");
});
const entries = (app.getEntryPoints() ?? []).map((entry) => ({
  ...entry,
  displayName: modules.get(relative(root, entry.sourceFile.fileName)) ?? entry.displayName,
}));
const project = app.converter.convert(entries);
await app.generateDocs(project, resolve(out));
if (app.logger.hasErrors()) process.exitCode = 1;
