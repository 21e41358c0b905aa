// The package.json that is published: what it exports is built, and what no shipped file imports it does not depend on.
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A source's place in the published package. */
export const built = (source: string) => source.replace(/^(\.\/)?src\//, "$1dist/").replace(/\.tsx?$/, ".js");

/**
 * @param texts  the modules and declarations that are shipped
 * @param files  folders and files at the package's root
 * @param peers  what some package of the repository leaves to be installed beside it: who lists it, installs it
 * @throws Error naming a package that a shipped file imports and the manifest does not declare
 */
export function publishedManifest(
  { private: _, devDependencies = {}, dependencies = {}, exports, ...rest }: Manifest,
  texts: readonly string[],
  files: readonly string[],
  peers: ReadonlySet<string>,
): Manifest {
  const used = new Set(texts.flatMap(packagesIn));
  const declared = { ...dependencies, ...rest.peerDependencies };
  // The site's page is built by Vite in a clone and shipped built: a package of development need not be there.
  const missing = [...used].filter(
    (name) => ![name, `@types/${name}`].some((n) => n in declared || n in devDependencies),
  );
  if (missing.length > 0) throw new Error(`${rest.name}: ${missing.join(", ")} is imported and not in dependencies`);
  const kept = Object.entries(dependencies).filter(
    ([name]) => used.has(name) || peers.has(name) || name.startsWith("@reprise/") || texts.some((t) => finds(t, name)),
  );
  const conditions = Object.entries(exports ?? {}).map(([entry, source]) => [
    entry,
    { types: built(source).replace(/\.js$/, ".d.ts"), default: built(source) },
  ]);
  return {
    ...rest,
    ...(exports && { exports: { ...Object.fromEntries(conditions), "./package.json": "./package.json" } }),
    files: [...files],
    sideEffects: false,
    ...(kept.length > 0 && { dependencies: Object.fromEntries(kept) }),
    publishConfig: { access: "public" },
  };
}

/** Names of the packages that a module imports, Node's own left out. */
function packagesIn(text: string): string[] {
  return [...text.matchAll(/^(?:import|export) (?:[\w$*{},\s]+ from )?"([^".][^"]*)"|\bimport\("([^".][^"]*)"\)/gm)]
    .map(([, fixed, dynamic]) => (fixed ?? dynamic)!)
    .filter((name) => !name.startsWith("node:"))
    .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
}

/** Packages whose files are found by name, not imported: createRequire(…).resolve("onnxruntime-web/wasm"). */
const finds = (text: string, name: string) => text.includes(`resolve("${name}`);
