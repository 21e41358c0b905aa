// Style sheets are imported for their effect: Vite collects them.
declare module "*.css";

/** Vite's, with the modules of a folder by their paths. */
interface ImportMeta {
  glob<Module>(pattern: string): Record<string, () => Promise<Module>>;
}
