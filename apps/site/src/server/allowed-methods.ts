// What may be done at an address: the answer to OPTIONS, and to a method that is not possible there.
import type { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";

/** Of each path, the methods that a route of the application answers; none where there is no route. */
export function allowedMethods(app: Hono): (path: string) => readonly string[] {
  const router = new TrieRouter<string>();
  const methods = new Set<string>();
  for (const { method, path } of app.routes) {
    if (method === "ALL") continue; // middleware
    router.add(method, path, method);
    methods.add(method);
  }
  return (path) => {
    const here = [...methods].filter((method) => router.match(method, path)[0].length > 0);
    if (here.length === 0) return [];
    return [...here, ...(here.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  };
}
