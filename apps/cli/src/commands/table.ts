import type { Command } from "commander";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ command(): Command }>;
  /** For verbs that read their arguments themselves: what runs them; undefined where commander is needed. */
  readonly direct?: (args: readonly string[]) => Promise<(() => Promise<void>) | undefined>;
}

/** Every command by its first word. Each file exports `command()`, which builds the commander command with its verbs. */
export const commands: Readonly<Record<string, Entry>> = {
  serve: { summary: "start the site in the browser", load: () => import("./serve.ts") },
  classifier: { summary: "train and test image classifiers", load: () => import("./classifier.ts") },
  data: { summary: "list and download data sets", load: () => import("./data.ts") },
  reproduce: {
    summary: "run a paper's experiments; claimed beside reproduced",
    load: () => import("./reproduce.ts"),
  },
  adversarial: {
    summary: "smallest perturbations that change what a classifier sees (Szegedy et al. 2013)",
    load: () => import("./adversarial.ts"),
  },
  fasttext: {
    summary: "text classification and word vectors, fast (Joulin et al. 2016)",
    load: () => import("./fasttext.ts"),
    direct: async (args) => (await import("./fasttext/verbs.ts")).direct(args),
  },
};
