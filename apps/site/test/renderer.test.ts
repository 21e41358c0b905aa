import { expect, test } from "vitest";
import { Renderer } from "../src/server/renderer.ts";

const labels = new Map([["a/b", "Bell 1964"]]);

test("texts are rendered in a thread, in order, with the labels of what they cite", async () => {
  const renderer = new Renderer();
  const all = await Promise.all(
    ["One [@a/b]", "*Two*"].map((markdown) => renderer.render({ markdown, labels, name: "n" })),
  );
  expect(all.map(({ html }) => html)).toEqual([
    '<p>One [<a href="/paper?bibtexKey=a/b" class="cite">Bell 1964</a>]</p>',
    "<p><em>Two</em></p>",
  ]);
  await renderer.close();
});

test("a text beyond the limits is an error for its author, and the next is rendered", async () => {
  const renderer = new Renderer();
  await expect(renderer.render({ markdown: "> ".repeat(3000), labels, name: "n" })).rejects.toThrow(
    "line 1 is nested 3000 levels deep in lists and quotations; at most 50 are rendered",
  );
  expect((await renderer.render({ markdown: "a", labels, name: "n" })).html).toBe("<p>a</p>");
  await renderer.close();
});

test("a text that takes too long is given up, and the next is rendered", async () => {
  const renderer = new Renderer(1);
  const slow = `${"~~a".repeat(600)}\n\n`.repeat(100);
  await expect(renderer.render({ markdown: slow, labels, name: "n" })).rejects.toThrow(
    "the text takes longer than 0.001 seconds to render; divide or simplify it",
  );
  await renderer.close();
  const patient = new Renderer();
  expect((await patient.render({ markdown: "a", labels, name: "n" })).html).toBe("<p>a</p>");
  await patient.close();
});
