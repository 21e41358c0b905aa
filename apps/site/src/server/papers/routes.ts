// Routes for adding papers.
import { z } from "zod";
import { identifierIn } from "../../bibtex/identifiers.ts";
import type { BibtexResult } from "../../bibtex/read.ts";
import { paperPath } from "../../render/citations.ts";
import { type CommunityParts, mustBeSomebody, mustWrite, own } from "../community.ts";
import { line, readForm } from "../forms.ts";
import { addPage } from "../pages/add.ts";
import { TimedThread, TookTooLong } from "../timed-thread.ts";
import type { UnknownKeys } from "../unknown-keys.ts";
import { addPapers, isTaken } from "./add.ts";
import { describePaper } from "./describe.ts";

const bibtexForm = z.strictObject({
  bibtex: z
    .string()
    .trim()
    .min(1, "There is no entry.")
    .max(500_000, "These are more than 500,000 characters: add them in parts."),
});
const paperForm = z.strictObject({
  title: line(1000, "The title"),
  authors: z
    .string()
    .transform((text) =>
      text
        .split("\n")
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    )
    .pipe(
      z
        .array(z.string().max(200, "A name has more than 200 characters."))
        .min(1, "The authors are missing.")
        .max(500, "There are more than 500 authors."),
    ),
  year: z.coerce
    .number<string>("The year is a number.")
    .int("The year is a number.")
    .min(1600, "The year is before 1600.")
    .max(2200, "The year is after 2200."),
  venue: z.string().trim().max(300, "This has more than 300 characters.").default(""),
  identifier: z
    .string()
    .trim()
    .max(300, "This has more than 300 characters.")
    .default("")
    .refine(
      (text) => text === "" || identifierIn(text) !== undefined,
      "This is no DOI, arXiv id, nor an address of one.",
    ),
});

export function mountAdding(parts: CommunityParts, unknown: UnknownKeys): void {
  const { app, db, frameOf, pages } = parts;
  const reader = new TimedThread<string, BibtexResult>(new URL("../../jobs/bibtex.node.ts", import.meta.url), 10_000);
  const shown = (keys: readonly string[]) => {
    for (const key of keys) unknown.forget(key);
    pages.clear();
  };

  app.get("/add", (c) => {
    mustBeSomebody(c);
    const named = c.req.query("key") ?? "";
    const given = identifierIn(named) ? { identifier: named.slice(0, 300) } : {};
    return own(c, addPage(frameOf(c), { paper: { given, problems: {} } }));
  });
  app.post("/add/bibtex", async (c) => {
    const viewer = mustWrite(parts, c);
    const sent = await readForm(c, bibtexForm);
    if (!sent.ok) return own(c, addPage(frameOf(c), { bibtex: sent.form }), 422);
    const { bibtex } = sent.value;
    const read = await reader.ask(bibtex).catch((error: unknown) => {
      if (error instanceof TookTooLong) return undefined;
      throw error;
    });
    if (!read) {
      const form = { given: { bibtex }, problems: { bibtex: "This takes too long to read: add it in parts." } };
      return own(c, addPage(frameOf(c), { bibtex: form }), 422);
    }
    const added = await addPapers(db, read.entries, viewer.id);
    shown(read.entries.flatMap(({ bibtexKey, aliases }) => [bibtexKey, ...aliases]));
    const [only] = added;
    if (only && added.length === 1 && read.problems.length === 0) return c.redirect(paperPath(only.bibtexKey), 303);
    const left = read.problems.map(({ input }) => input.trim()).join("\n\n");
    const form = { given: { bibtex: left }, problems: {} };
    return own(
      c,
      addPage(frameOf(c), { bibtex: form, outcome: { added, problems: read.problems } }),
      read.problems.length > 0 ? 422 : 200,
    );
  });
  app.post("/add/paper", async (c) => {
    const viewer = mustWrite(parts, c);
    const sent = await readForm(c, paperForm);
    if (!sent.ok) return own(c, addPage(frameOf(c), { paper: sent.form }), 422);
    const paper = await describePaper(sent.value, (key) => isTaken(db, key));
    const [added] = await addPapers(db, [paper], viewer.id);
    shown([paper.bibtexKey, ...paper.aliases]);
    return c.redirect(paperPath(added!.bibtexKey), 303);
  });
}
