// Adding papers and finding them again by any of their names.
import { describe, expect, test } from "vitest";
import { Client, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";

export function addingSuite(made: () => Made): void {
  describe("adding papers", () => {
    const entry = (key: string, title: string, more = "") =>
      `@article{${key}, title={${title}}, author={Ann Author and Bob Writer}, journal={J. Tests}, year={2011}${more}}`;

    test("whoever is not signed in is asked to, and comes back", async () => {
      const client = new Client(made().app);
      expect((await client.get("/add?key=10.1000/x")).to).toBe("/sign-in?next=%2Fadd%3Fkey%3D10.1000%2Fx");
      expect((await client.post("/add/bibtex", { bibtex: entry("a", "A") })).to).toMatch(/^\/sign-in/);
    });

    test("one pasted entry leads to its page, which the old address and every other name find, without a network", async () => {
      const { app } = made();
      const client = await somebody(app, "adder");
      const key = "journals/corr/Author11";
      expect((await new Client(app).get(`/paper?bibtexKey=${key}`)).text).toContain(
        `<a href="/add?key=${encodeURIComponent(key)}">Add it</a>`,
      );
      const sent = await client.post("/add/bibtex", {
        bibtex: entry(
          `DBLP:${key}`,
          "Words in Rows",
          ", doi={10.1234/Rows.1}, eprint={1101.00001v2}, archiveprefix={arXiv}",
        ),
      });
      expect([sent.status, sent.to]).toEqual([303, `/paper?bibtexKey=${key}`]);
      const { status, text } = await new Client(app).get(`/paper?bibtexKey=${key}`);
      expect(status).toBe(200);
      expect(text).toContain("<h1>Words in Rows</h1>");
      expect(text).toContain("Ann Author, Bob Writer");
      expect((await new Client(app).get(`/paper.bib?bibtexKey=${key}`)).text).toContain(
        "@article{DBLP:journals/corr/Author11",
      );
      for (const name of [
        `DBLP:${key}`,
        "10.1234/ROWS.1",
        "https://doi.org/10.1234/rows.1",
        "1101.00001",
        "arXiv:1101.00001v1",
        "https://arxiv.org/abs/1101.00001",
      ])
        expect([name, (await new Client(app).get(`/paper?bibtexKey=${encodeURIComponent(name)}`)).to]).toEqual([
          name,
          `/paper?bibtexKey=${key}`,
        ]);
      expect((await new Client(app).get("/")).text).toContain("Words in Rows");
    });

    test("of many, the good are taken, those that are here are found, and the rest comes back with its lines", async () => {
      const { app, db } = made();
      const client = await somebody(app, "many-adder");
      const text = [
        entry("row1", "First of Many"),
        entry("row2", "Second of Many"),
        "@article{row3, author={A B}, year=2011}",
        entry("journals/corr/SampleOld19", "An Older Sample"),
        entry("newkey", "Words in rows!"), // the paper of the test before, by title, author and year
      ].join("\n");
      const { status, text: page } = await client.post("/add/bibtex", { bibtex: text });
      expect(status).toBe(422);
      expect(page).toContain("2 papers added:");
      expect(page).toContain("2 papers here already:");
      expect(page).toContain("Line 3: row3: the title is missing.");
      expect(page).toMatch(
        /<textarea[^>]*name="bibtex"[^>]*>\n@article\{row3, author=\{A B\}, year=2011\}<\/textarea>/,
      );
      expect((await client.get("/paper?bibtexKey=newkey")).to).toBe("/paper?bibtexKey=journals/corr/Author11");
      const again = await client.post("/add/bibtex", { bibtex: text });
      expect(again.text).toContain("4 papers here already:");
      const papers = await db.selectFrom("papers").select("bibtex_key").where("title", "like", "%of Many").execute();
      expect(papers).toHaveLength(2);
    });

    test("two who add the same paper at once add it once", async () => {
      const { app, db } = made();
      const clients = await Promise.all(["twin-one", "twin-two"].map((name) => somebody(app, name)));
      await Promise.all(
        clients.map((client, i) => client.post("/add/bibtex", { bibtex: entry(`twin${i}`, "Born at Once") })),
      );
      expect(await db.selectFrom("papers").select("id").where("title", "=", "Born at Once").execute()).toHaveLength(1);
    });

    test("by hand: a title, authors and a year suffice; the key is made, the BibTeX entry can be read again", async () => {
      const { app } = made();
      const client = await somebody(app, "hand");
      const form = { title: "On {Braces} & 100% of \\Things_", authors: "Zoë Ångström\nB. Second", year: "1999" };
      const sent = await client.post("/add/paper", form);
      expect(sent.to).toBe("/paper?bibtexKey=angstrom1999braces");
      const { text } = await client.get("/paper.bib?bibtexKey=angstrom1999braces");
      expect(text).toContain("title = {{On Braces \\& 100\\% of Things\\_}}");
      expect((await client.post("/add/paper", { ...form, title: "Braces, of another kind" })).to).toBe(
        "/paper?bibtexKey=angstrom1999braces-2",
      );
      const arxiv = await client.post("/add/paper", {
        ...form,
        title: "Of arXiv",
        identifier: "https://arxiv.org/abs/9901.00002",
      });
      expect(arxiv.to).toBe("/paper?bibtexKey=journals/corr/abs-9901-00002");
      expect((await client.get("/paper?bibtexKey=arXiv:9901.00002")).to).toBe(arxiv.to);
    });

    test.each([
      [{ title: "", authors: "A", year: "2000" }, "The title is missing."],
      [{ title: "T", authors: " \n ", year: "2000" }, "The authors are missing."],
      [{ title: "T", authors: "A", year: "soon" }, "The year is a number."],
      [{ title: "T", authors: "A", year: "1066" }, "The year is before 1600."],
      [{ title: "T", authors: "A", year: "3000" }, "The year is after 2200."],
      [
        { title: "T", authors: "A", year: "2000", identifier: "nothing" },
        "This is no DOI, arXiv id, nor an address of one.",
      ],
      [{ title: "x".repeat(1001), authors: "A", year: "2000" }, "The title has more than 1,000 characters."],
    ])("by hand, %j: %s", async (form, problem) => {
      const { app } = made();
      const client = await somebody(app, `bad${Math.abs(hash(problem + JSON.stringify(form)))}`);
      const { status, text } = await client.post("/add/paper", form as Record<string, string>);
      expect(status).toBe(422);
      expect(text).toContain(problem);
    });

    test("what somebody writes into an entry is text on every page", async () => {
      const { app } = made();
      const client = await somebody(app, "scripted");
      const attack = "<script>alert(1)</script><img src=x onerror=alert(1)>";
      const sent = await client.post("/add/bibtex", {
        bibtex: `@misc{evil, title={${attack}}, author={${attack}}, year=2001, howpublished={x}}`,
      });
      expect(sent.status).toBe(303);
      for (const path of ["/", "/paper?bibtexKey=evil", "/sitemap/1.xml"]) {
        const { text } = await new Client(app).get(path);
        expect(text).not.toMatch(/<script>alert|<img src=x/);
      }
    });
  });
}

function hash(text: string): number {
  let value = 0;
  for (const letter of text) value = (value * 31 + letter.charCodeAt(0)) | 0;
  return value;
}
