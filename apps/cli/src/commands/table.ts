import type { Command } from "commander";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ command(): Command }>;
}

/** Every command by its first word. Each file exports `command()`, which builds the commander command with its verbs. */
export const commands: Readonly<Record<string, Entry>> = {
  fasttext: {
    summary: "text classification and word vectors, fast (Joulin et al. 2016)",
    load: () => import("./fasttext.ts"),
  },
};
