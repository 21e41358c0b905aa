import { Hono } from "hono";
import { expect, test } from "vitest";
import { PageCache } from "../src/server/page-cache.ts";

function site(size: number) {
  const cache = new PageCache(size);
  const made: string[] = [];
  const app = new Hono();
  app.get("/:name", async (c) => {
    const { name } = c.req.param();
    const answer = await cache.answer(c, name, async () => {
      made.push(name);
      return name === "none" ? undefined : { body: `page ${name} ${made.length}` };
    });
    return answer ?? c.notFound();
  });
  return { cache, made, get: async (name: string) => (await app.request(`/${name}`)).text() };
}

test("a page is made once, until the cache is cleared", async () => {
  const { cache, made, get } = site(10);
  expect([await get("a"), await get("a")]).toEqual(["page a 1", "page a 1"]);
  cache.clear();
  expect(await get("a")).toBe("page a 2");
  expect(made).toEqual(["a", "a"]);
});

test("the page used longest ago goes first", async () => {
  const { made, get } = site(2);
  for (const name of ["a", "b", "a", "c", "a", "b"]) await get(name);
  expect(made).toEqual(["a", "b", "c", "b"]);
});

test("what does not exist is not kept and pushes nothing out", async () => {
  const { made, get } = site(1);
  for (const name of ["a", "none", "none", "a"]) await get(name);
  expect(made).toEqual(["a", "none", "none"]);
});
