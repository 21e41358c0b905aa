import { Hono } from "hono";
import { expect, test } from "vitest";
import { PageCache, type Shown } from "../src/server/page-cache.ts";
import { type QuickReplies, Reply } from "../src/server/reply.ts";

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

/** Answers with how often it was made; `shows` is what each page shows, `wait` holds it back after it was read. */
function watched(shows: Readonly<Record<string, readonly Shown[]>>, size = 10) {
  const kept = new Map<string, Reply>();
  const quick = {
    remember: (address: string, reply: Reply) => kept.set(address, reply),
    forget: (replies: readonly Reply[]) => {
      for (const [address, reply] of kept) if (replies.includes(reply)) kept.delete(address);
    },
    clear: () => kept.clear(),
  };
  const cache = new PageCache(size, quick as unknown as QuickReplies);
  const state = { made: 0, wait: Promise.resolve() };
  const app = new Hono();
  app.get("/:name", (c) => {
    const { name } = c.req.param();
    return cache.answer(c, name, async () => {
      const body = `${name} ${++state.made}`;
      await state.wait;
      return { body, shows: shows[name] ?? [] };
    });
  });
  return { cache, state, kept, get: async (name: string) => (await app.request(`/${name}`)).text() };
}

test("what has changed is made again, everything else is kept", async () => {
  const { cache, kept, get } = watched({ a: ["paper a"], home: ["votes", "visits"] });
  for (const name of ["a", "home", "about"]) await get(name);
  cache.changed("votes", "paper a");
  expect([...kept.keys()]).toEqual(["/about"]);
  expect([await get("a"), await get("home"), await get("about")]).toEqual(["a 4", "home 5", "about 3"]);
  cache.changed("visits");
  expect([await get("a"), await get("home"), await get("about")]).toEqual(["a 4", "home 6", "about 3"]);
});

test.each(["changed", "clear"] as const)("a page read before %s and ready after it is not kept", async (how) => {
  const { cache, state, kept, get } = watched({ a: ["paper a"] });
  let go = () => {};
  state.wait = new Promise((resolve) => {
    go = resolve;
  });
  const before = get("a");
  await new Promise(setImmediate);
  how === "clear" ? cache.clear() : cache.changed("paper a");
  const after = get("a");
  await new Promise(setImmediate);
  go();
  expect([await before, await after]).toEqual(["a 1", "a 2"]);
  expect(await get("a")).toBe("a 2");
  expect(kept.size).toBe(1);
});

test("a page that is not kept any more is not answered from its address either", async () => {
  const { kept, get } = watched({}, 1);
  for (const name of ["a", "b"]) await get(name);
  expect([...kept.keys()]).toEqual(["/b"]);
});

test("a page is packed for whom takes it, once, and says that it may be", async () => {
  const packed: string[] = [];
  const reply = new Reply({
    bodies: { identity: new Uint8Array(100) },
    packer: async (_, encoding) => {
      packed.push(encoding);
      return encoding === "br" ? undefined : new Uint8Array(10);
    },
    type: "text/html",
    cacheControl: "no-cache",
  });
  const app = new Hono();
  app.get("/", (c) => reply.send(c));
  expect((await app.request("/")).headers.get("Vary")).toBe("Accept-Encoding");
  expect([reply.isPacked(undefined), reply.isPacked("gzip"), reply.isPacked("br, gzip")]).toEqual([true, false, false]);
  await Promise.all([reply.pack("br, gzip"), reply.pack("br, gzip"), reply.pack("gzip")]);
  expect(packed.toSorted()).toEqual(["br", "gzip"]);
  expect(reply.isPacked("br, gzip")).toBe(true);
  const answer = await app.request("/", { headers: { "Accept-Encoding": "br, gzip" } });
  expect([answer.headers.get("Content-Encoding"), answer.headers.get("Content-Length")]).toEqual(["gzip", "10"]);
});
