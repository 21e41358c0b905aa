// What programs get: papers, summaries and people as JSON. The API, the twins of pages and the OpenAPI document read the
// shapes here.
import { z } from "zod";
import { resultsFile, runFile } from "../content-format.ts";

const day = z.iso.date().nullable().describe("null where the day is not known");
const person = z
  .strictObject({ name: z.string(), displayName: z.string(), url: z.string() })
  .describe("name is that of the profile");

export const commentDocument = z.strictObject({
  ref: z.string(),
  parent: z.string().nullable().describe("the comment that it answers"),
  author: person.nullable().describe("null where the author does not say who they are"),
  html: z.string().nullable().describe("null where it was taken away, and has answers"),
  day: z.iso.date(),
});

export const summaryDocument = z.strictObject({
  ref: z.string(),
  url: z.string(),
  author: person.nullable().describe("null where the author does not say who they are"),
  day,
  votes: z.int(),
  machine: z.enum(["none", "some", "most"]).describe("how much of it a machine has written"),
  licence: z.string(),
  markdown: z.string(),
  html: z.string(),
  sha256: z.string().describe("of the Markdown as UTF-8"),
  comments: z.array(commentDocument),
});

const paperHead = {
  bibtexKey: z.string(),
  url: z.string(),
  title: z.string(),
  authors: z.array(z.string()),
  venue: z.string(),
  year: z.int(),
  tags: z.array(z.string()),
  doi: z.string().nullable(),
  arxivId: z.string().nullable(),
};

/** A paper in a list. */
export const paperEntry = z.strictObject({
  ...paperHead,
  bibtex: z.string(),
  summaries: z.int().min(0).describe("how many there are"),
  votes: z.int().describe("the sum over its summaries"),
  writtenOn: day,
});

/** A paper with all that its page shows. */
export const paperDocument = z.strictObject({
  ...paperHead,
  bibtex: z.string(),
  links: z.array(z.strictObject({ label: z.string(), url: z.string() })),
  method: z.string().nullable().describe("the method that runs in its page"),
  summaries: z.array(summaryDocument),
  results: resultsFile.shape.tables.describe("claimed beside reproduced, each with where it comes from"),
  run: runFile.nullable().describe("a stored run"),
});

export const personDocument = z.strictObject({
  name: z.string(),
  displayName: z.string(),
  url: z.string(),
  about: z.string(),
  since: z.iso.date(),
  summaries: z
    .array(
      z.strictObject({
        bibtexKey: z.string(),
        title: z.string(),
        ref: z.string(),
        url: z.string(),
        votes: z.int(),
      }),
    )
    .describe("those that carry this person's name"),
});

export type PaperEntry = z.infer<typeof paperEntry>;
export type PaperDocument = z.infer<typeof paperDocument>;
export type PersonDocument = z.infer<typeof personDocument>;
