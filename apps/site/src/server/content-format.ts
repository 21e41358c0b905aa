// The shape of the files in content/<BibTeX key>/: what a paper's folder must hold, checked when it is read.
import { z } from "zod";

const nonEmpty = z.string().trim().min(1);
const link = z.strictObject({ label: nonEmpty, url: z.url({ protocol: /^https?$/ }) });

/** paper.json: what the paper is. */
export const paperFile = z.strictObject({
  bibtexKey: nonEmpty.regex(/^[\w.:+-]+(\/[\w.:+-]+)*$/, "letters, digits and . : + - _ in parts separated by /"),
  aliases: z.array(nonEmpty).default([]),
  title: nonEmpty,
  authors: z.array(nonEmpty).min(1),
  venue: nonEmpty,
  year: z.int().min(1600).max(2200),
  arxivId: nonEmpty.nullish(),
  doi: nonEmpty.nullish(),
  /** What it is about, in words that other papers use too. */
  tags: z.array(nonEmpty.max(60)).default([]),
  /** The day on which the summary was last written, such as "2026-11-23"; the page shows none where it is not given. */
  summaryDate: z.iso.date().nullish(),
  links: z.array(link).default([]),
  bibtex: nonEmpty,
});

/** A number as the paper prints it, and where. */
const claimed = z.strictObject({ value: nonEmpty, source: nonEmpty });

/** A number of ours, with everything needed to get it again. */
const reproduced = z.strictObject({
  value: nonEmpty,
  /** 95 %, in words: "7.0 to 8.0% (10000 images)". */
  interval: nonEmpty.nullish(),
  /** How far from the claim counts as reproduced, in the unit of the value. */
  tolerance: z.number().nonnegative().nullish(),
  command: nonEmpty,
  seed: z.int(),
  dataSha256: nonEmpty,
  version: nonEmpty,
  machine: nonEmpty,
  seconds: z.number().nonnegative(),
  date: nonEmpty,
});

const resultTable = z.strictObject({
  caption: nonEmpty,
  metric: nonEmpty,
  /** What the reader should know of the whole table: why it was not run, or what is counted. */
  note: nonEmpty.nullish(),
  rows: z
    .array(
      z.strictObject({
        name: nonEmpty,
        claimed: claimed.nullable(),
        reproduced: reproduced.nullable(),
        command: nonEmpty.nullish(),
        /** The record that `reprise reproduce … --publish` fills `reproduced` in from, e.g. "table1/fc10-1/test-error". */
        record: nonEmpty.nullish(),
      }),
    )
    .min(1),
});

/** results.json: claimed beside reproduced. */
export const resultsFile = z.strictObject({ tables: z.array(resultTable) });

const cell = z.union([z.string(), z.number()]);

/** run/result.json: one stored run of the panel, shown before anything is pressed and without scripts. */
export const runFile = z.strictObject({
  title: nonEmpty,
  caption: nonEmpty,
  command: nonEmpty,
  /** Processor, cores, Node. */
  machine: nonEmpty,
  /** When it was run. */
  date: z.iso.datetime(),
  image: z
    .strictObject({
      file: nonEmpty.regex(/^[\w-]+\.(png|svg)$/, "a .png or .svg file in the same folder"),
      width: z.int().positive(),
      height: z.int().positive(),
      alt: nonEmpty,
    })
    .nullish(),
  table: z.strictObject({ columns: z.array(nonEmpty).min(1), rows: z.array(z.array(cell)) }).nullish(),
});

export type PaperFile = z.infer<typeof paperFile>;
export type PaperLink = z.infer<typeof link>;
export type ResultTable = z.infer<typeof resultTable>;
export type StoredRun = z.infer<typeof runFile>;
