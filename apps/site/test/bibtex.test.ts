// Reading BibTeX, and the identifiers in it.
import { expect, test } from "vitest";
import { arxivIdIn, doiIn, identifierIn } from "../src/bibtex/identifiers.ts";
import { readBibtex } from "../src/bibtex/read.ts";

test("entries of DBLP, arXiv and a reference manager give key, title, authors, venue, year and identifiers", () => {
  const { entries, problems } = readBibtex(`@article{DBLP:journals/corr/SzegedyZSBEGF13,
  author = {Christian Szegedy and Ilya Sutskever and others},
  title  = {Intriguing properties of {N}eural networks},
  journal = {CoRR}, volume = {abs/1312.6199}, year = {2013}
}
@misc{smith2020,
  title = {On {\\"U}ber-networks \\& \\textit{more}}, author = {Smith, Jr., J{\\'a}n and de la Cruz, Ana and {The ATLAS Team}},
  eprint = {2001.00001v3}, archivePrefix = {arXiv}, year = 2020}
@inproceedings{x:1, title = "A < B and <b>C</b>", author = "Doe, J.", booktitle = "Proc. ICML", date = "2015-07-01", doi = {https://doi.org/10.1145/ABC.1}}`);
  expect(problems).toEqual([]);
  expect(entries.map(({ bibtex, ...rest }) => rest)).toEqual([
    {
      ...{ line: 1, bibtexKey: "journals/corr/SzegedyZSBEGF13", aliases: ["DBLP:journals/corr/SzegedyZSBEGF13"] },
      ...{ title: "Intriguing properties of Neural networks", authors: ["Christian Szegedy", "Ilya Sutskever"] },
      ...{ venue: "CoRR", year: 2013, doi: null, arxivId: "1312.6199" },
    },
    {
      ...{ line: 6, bibtexKey: "smith2020", aliases: [], title: "On Über-networks & more" },
      ...{ authors: ["Ján Smith Jr.", "Ana de la Cruz", "The ATLAS Team"] },
      ...{ venue: "arXiv", year: 2020, doi: null, arxivId: "2001.00001" },
    },
    {
      ...{ line: 9, bibtexKey: "x:1", aliases: [], title: "A < B and C", authors: ["J. Doe"] },
      ...{ venue: "Proc. ICML", year: 2015, doi: "10.1145/abc.1", arxivId: null },
    },
  ]);
  expect(entries[0]?.bibtex).toMatch(/^@article\{DBLP:journals.*\}$/s);
});

test("each entry that cannot be used is told with its line and given back; the others are taken", () => {
  const { entries, problems } = readBibtex(`@misc{good, title={Good}, author={A B}, year=2000}

@misc{no-title, author={A B}, year=2000}
@misc{no-year, title={T}, author={A B}}
@misc{no-author, title={T}, year=2000}
@misc{bad key!, title={T}, author={A}, year=2000}
@misc{good, title={Other}, author={A B}, year=2000}
@misc{also-good, title={Also}, author={C D}, year=2001}
@misc{open, title={never closed`);
  expect(entries.map(({ bibtexKey }) => bibtexKey)).toEqual(["good", "also-good"]);
  expect(problems.map(({ line, message }) => `${line}: ${message}`)).toEqual([
    "3: no-title: the title is missing",
    "4: no-year: the year is missing",
    "5: no-author: the authors are missing",
    expect.stringMatching(/^6: /),
    "7: the key good is that of line 1, too",
    "9: the @misc entry does not end: a brace or quotation mark is not closed",
  ]);
  expect(problems.at(-1)?.input).toContain("@misc{open");
});

test("no text at all is nothing; text without entries says what an entry is", () => {
  expect(readBibtex("  \n")).toEqual({ entries: [], problems: [] });
  expect(readBibtex("just words").problems).toEqual([
    { line: 1, message: "there is no BibTeX entry: one begins with @article{KEY, or the like", input: "just words" },
  ]);
});

test("at most 200 entries are taken at once", () => {
  const text = Array.from({ length: 201 }, (_, i) => `@misc{k${i}, title={T ${i}}, author={A B}, year=2000}`).join(
    "\n",
  );
  const { entries, problems } = readBibtex(text);
  expect(entries).toHaveLength(200);
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [201, "at most 200 entries are taken at once"],
  ]);
});

test.each([
  ["https://doi.org/10.1145/3292500.3330701", { doi: "10.1145/3292500.3330701" }],
  ["doi:10.1016/S0140-6736(20)30183-5", { doi: "10.1016/s0140-6736(20)30183-5" }],
  ["10.48550/arXiv.1312.6199", { arxivId: "1312.6199" }],
  ["arXiv:1312.6199v4", { arxivId: "1312.6199" }],
  ["https://arxiv.org/pdf/2001.00001v2.pdf", { arxivId: "2001.00001" }],
  ["www.arxiv.org/abs/hep-th/9901001", { arxivId: "hep-th/9901001" }],
  ["journals/corr/SzegedyZSBEGF13", undefined],
  ["10.1/x", undefined],
  ["1312.619", undefined],
  ["", undefined],
])("%j names %j", (text, found) => {
  expect(identifierIn(text)).toEqual(found);
});

test("identifiers are found within other text", () => {
  expect(doiIn("see https://doi.org/10.1000/ABC).")).toBe("10.1000/abc");
  expect(arxivIdIn("abs/1312.6199v2")).toBe("1312.6199");
  expect([doiIn("none"), arxivIdIn("12345.678901")]).toEqual([undefined, undefined]);
});

test.each([
  ["a doi of slashes", `10.1234/${"/".repeat(200_000)}`],
  ["digits and points", "1234.".repeat(50_000)],
  ["letters and hyphens", "ab-".repeat(80_000)],
])("patterns take linear time in %s", (_, text) => {
  const start = performance.now();
  doiIn(text);
  arxivIdIn(text);
  identifierIn(text);
  expect(performance.now() - start).toBeLessThan(500);
});
