// What an attack came to, as lines of a table: for the terminal, Markdown, CSV.
import { mean, median } from "@reprise/data";

/** What an attack came to at one ε, or, with null, where it looked for the smallest perturbation. */
export interface AttackSummary {
  readonly epsilon: number | null;
  readonly images: number;
  /** Images that meet the criterion in the end; those that did from the start are among them, and counted in `already`. */
  readonly success: number;
  readonly already: number;
  readonly failed: number;
  readonly nonFinite: number;
  /** Of the successes, those that still meet the whole criterion when they are saved with 8 bits. */
  readonly savedWith8Bits: number;
  /** RMS per pixel of the images that were moved to success; null if there are none. */
  readonly meanDistortion: number | null;
  readonly medianDistortion: number | null;
}

interface AttackedRow {
  readonly status: string;
  readonly distortion: number;
}

/** The summary of rows whose status is "success", "already…", "failed" or "nonFinite". */
export function attackSummary(
  epsilon: number | null,
  rows: readonly AttackedRow[],
  savedWith8Bits: number,
): AttackSummary {
  const of = (test: (status: string) => boolean) => rows.filter(({ status }) => test(status));
  const moved = of((status) => status === "success");
  const distortions = moved.map(({ distortion }) => distortion);
  const already = of((status) => status.startsWith("already")).length;
  return {
    epsilon,
    images: rows.length,
    success: moved.length + already,
    already,
    failed: of((status) => status === "failed").length,
    nonFinite: of((status) => status === "nonFinite").length,
    savedWith8Bits,
    meanDistortion: distortions.length > 0 ? mean(distortions) : null,
    medianDistortion: distortions.length > 0 ? median(distortions) : null,
  };
}

export const summaryHead = [
  "ε",
  "succeeded",
  "robust",
  "already",
  "failed",
  "not finite",
  "after 8 bits",
  "mean distortion",
  "median",
];

/** A summary as the cells of a table under `summaryHead`; rows without finite numbers count neither as robust nor as not. */
export function summaryCells(summary: AttackSummary): string[] {
  const { epsilon, images, success, already, failed, nonFinite, savedWith8Bits } = summary;
  const number = (value: number | null) => (value === null ? "–" : value.toFixed(5));
  return [
    epsilon === null ? "smallest" : String(epsilon),
    `${success} of ${images}`,
    failed + success === 0 ? "–" : `${((100 * failed) / (failed + success)).toFixed(1)} %`,
    String(already),
    String(failed),
    String(nonFinite),
    `${savedWith8Bits} of ${success}`,
    number(summary.meanDistortion),
    number(summary.medianDistortion),
  ];
}

export interface AttackReportText {
  readonly model: string;
  readonly attack: string;
  readonly criterion: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly results: readonly AttackSummary[];
}

/** What to make of rows that did not succeed, in a sentence each; none where all did. */
export function summaryHints({
  images,
  failed,
  nonFinite,
}: Pick<AttackSummary, "images" | "failed" | "nonFinite">): string[] {
  const of = (count: number) => `${count} of ${images} images`;
  return [
    ...(failed > 0
      ? [`${of(failed)} were not brought where they should: what is reported of them is the best try.`]
      : []),
    ...(nonFinite > 0
      ? [
          `On ${of(nonFinite)} the model or its gradient is NaN or infinite: they are returned as they were. ` +
            "Square and HopSkipJump need no gradient.",
        ]
      : []),
  ];
}

/** The report in Markdown: what was run, and a line for each ε. */
export function attackMarkdown({ model, attack, criterion, settings, results }: AttackReportText): string {
  return [
    `# ${attack} on ${model}`,
    "",
    `Criterion: ${criterion}. ${Object.entries(settings)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" to ") : value}`)
      .join(", ")}.`,
    "",
    `| ${summaryHead.join(" | ")} |`,
    `|${summaryHead.map(() => "---:").join("|")}|`,
    ...results.map((summary) => `| ${summaryCells(summary).join(" | ")} |`),
    "",
    "Distortion: root mean square per pixel of the images that had to be moved. After 8 bits: successes that are still " +
      "there when the image is saved as PNG.",
    "",
  ].join("\n");
}
