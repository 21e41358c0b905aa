// The public data of a site as lines: people who signed something, then papers with what everybody may read of them.
import { z } from "zod";
import { paperFile, resultsFile, runFile } from "../content-format.ts";

/** Raised when files of before can no longer be read. */
export const format = 1;

const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((each) => !each.includes("\0") && each.isWellFormed(), "holds half a character or a NUL");
const ref = z.string().regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits");
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "small letters, digits and hyphens");
const day = z.iso.date();

export const dumpHeader = z.strictObject({
  reprise: z.literal("export"),
  format: z.int(),
  made: z.iso.datetime(),
});

export const dumpPerson = z.strictObject({
  kind: z.literal("person"),
  name,
  displayName: text(200),
  about: text(10_000),
});

const comment = z.strictObject({
  ref,
  parent: ref.nullable(),
  author: name.nullable().describe("null: the author of the unsigned summary that it stands under"),
  markdown: text(200_000).nullable().describe("null where it was taken away, and has answers"),
  day,
});

const summary = z.strictObject({
  ref,
  author: name.nullable(),
  day: day.nullable(),
  machine: z.enum(["none", "some", "most"]),
  votes: z.int().describe("their sum; who voted how is nobody's business"),
  markdown: text(400_000),
  comments: z.array(comment),
});

const { summaryDate: _, ...description } = paperFile.shape;

export const dumpPaper = z.strictObject({
  kind: z.literal("paper"),
  ...description,
  bibtexKey: paperFile.shape.bibtexKey.refine((key) => !key.split("/").includes(".."), "no path out of a folder"),
  results: resultsFile.shape.tables,
  run: runFile.nullable(),
  summaries: z.array(summary),
});

export const dumpLine = z.discriminatedUnion("kind", [dumpPerson, dumpPaper]);
export type DumpPerson = z.infer<typeof dumpPerson>;
export type DumpPaper = z.infer<typeof dumpPaper>;
