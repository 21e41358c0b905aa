// Every package as it is published, as tarballs:  npm run pack -- DIR
// Sources stay where they are: the clone runs TypeScript, what is installed elsewhere is JavaScript with declarations.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { apiReference } from "../apps/site/src/server/api-reference.ts";
import { buildWeb } from "../apps/site/src/server/build-web.ts";
import { emit, withJsImports } from "./pack/emit.ts";
import { built, type Manifest, publishedManifest } from "./pack/manifest.ts";
import { reach } from "./pack/reach.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = join(root, "node_modules/.cache/pack");

/** Folders of a package that are made, not compiled: what a clone makes when it is asked for. */
const madeParts: Readonly<Record<string, Record<string, typeof buildWeb>>> = {
  "@reprise/site": { web: buildWeb, api: apiReference },
};

/** A folder with a package in it, ready for `npm pack` and `npm publish`. */
export interface Staged {
  readonly name: string;
  readonly folder: string;
}

/** Builds every package of the repository into a folder of its own. */
export async function stage(): Promise<Staged[]> {
  const emitted = emit(root, cache);
  rmSync(join(cache, "packages"), { recursive: true, force: true });
  const places = globSync("{packages,methods,apps}/*/package.json", { cwd: root }).map(dirname).sort();
  const manifests = places.map((at) => JSON.parse(readFileSync(join(root, at, "package.json"), "utf8")) as Manifest);
  const peers = new Set(manifests.flatMap(({ peerDependencies = {} }) => Object.keys(peerDependencies)));
  const staged: Staged[] = [];
  for (const [i, place] of places.entries()) {
    const manifest = manifests[i]!;
    const to = join(cache, "packages", place.replaceAll("/", "-"));
    stagePackage(place, manifest, to, emitted, peers);
    for (const [name, make] of Object.entries(madeParts[manifest.name] ?? {}))
      cpSync(await make({ log: console.error }), join(to, name), { recursive: true });
    staged.push({ name: manifest.name, folder: to });
  }
  return staged;
}

function stagePackage(
  place: string,
  manifest: Manifest,
  to: string,
  emitted: ReturnType<typeof emit>,
  peers: ReadonlySet<string>,
): void {
  const from = join(root, place);
  const texts: string[] = [];
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), text);
  };
  const writeModule = (path: string, text: string) => {
    write(path, text);
    texts.push(text);
  };
  const isFile = (path: string) => statSync(join(from, path)).isFile();
  const source = (path: string) =>
    /\.(tsx?|mjs)$/.test(path) && isFile(path) ? readFileSync(join(from, path), "utf8") : undefined;
  const files = new Set(["README.md", "LICENSE", "CHANGELOG.md"]);
  const exported = Object.values(manifest.exports ?? {});
  for (const path of reach([...exported, ...Object.values(manifest.bin ?? {})], source)) {
    if (path === "package.json") continue;
    const target = built(path);
    files.add(target.split("/")[0]!);
    const made = emitted(join(place, path));
    if (made) {
      writeModule(target, made.js);
      write(`${target}.map`, made.map);
    } else if (path.endsWith(".mjs")) {
      const text = withJsImports(source(path)!);
      writeModule(target, path.startsWith("src/") ? text : text.replaceAll('"../src/', '"../dist/'));
    } else cpSync(join(from, path), join(to, target), { recursive: true });
  }
  // Declarations: those that the exported ones lead to.
  const types = (path: string) => emitted(join(place, path.replace(/\.js$/, ".ts")))?.types;
  for (const path of reach(exported, types)) writeModule(built(path).replace(/\.js$/, ".d.ts"), types(path)!);

  for (const name of Object.keys(madeParts[manifest.name] ?? {})) files.add(name);
  for (const name of ["LICENSE", "CHANGELOG.md"]) cpSync(join(root, name), join(to, name));
  if (!existsSync(join(from, "README.md"))) throw new Error(`${place} has no README.md`);
  cpSync(join(from, "README.md"), join(to, "README.md"));
  write("package.json", `${JSON.stringify(publishedManifest(manifest, texts, [...files], peers), null, 2)}\n`);
}

/** Packs staged packages into a folder. @returns paths of the tarballs, by package */
export function packStaged(staged: readonly Staged[], to: string): Map<string, string> {
  mkdirSync(to, { recursive: true });
  const folders = staged.map(({ folder }) => folder);
  const args = ["pack", ...folders, "--json", "--pack-destination", to, "--ignore-scripts", "--loglevel=error"];
  // From the folder of the packages: inside the workspace, npm would take the names for workspaces.
  const printed = execFileSync("npm", args, { encoding: "utf8", cwd: join(cache, "packages"), maxBuffer: 2 ** 28 });
  const told = Object.values(JSON.parse(printed)) as { name: string; filename: string }[];
  return new Map(told.map(({ name, filename }) => [name, join(to, filename)]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const to = process.argv[2];
  if (!to) throw new Error("give the folder for the tarballs: npm run pack -- DIR");
  const folder = resolve(process.env.INIT_CWD ?? ".", to);
  for (const path of packStaged(await stage(), folder).values())
    console.log(`${path}  ${(statSync(path).size / 1000).toFixed(0)} kB`);
}
