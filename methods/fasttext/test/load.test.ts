// Models that arrive: a response, a stream with a known length and without, a URL; and text that arrives, to train on.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { load, ModelFileError, train } from "../src/index.ts";

const file = readFileSync(new URL("fixtures/ova-pruned.ftz", import.meta.url));
const text = readFileSync(new URL("fixtures/train.txt", import.meta.url));

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([
  ["bytes", () => load(new Uint8Array(file))],
  ["a stream of unknown length", () => load(pieces(file, 1000))],
  ["a stream of known length, byte by byte", () => load(pieces(file, 1), { length: file.length })],
  ["a response", () => load(new Response(file))],
  [
    "a response that says its length",
    () => load(new Response(file, { headers: { "Content-Length": String(file.length) } })),
  ],
])("from %s", async (_, loaded) => {
  const model = await loaded();
  expect(Buffer.concat([...model.bytes()]).equals(file)).toBe(true);
});

test("from a URL, with progress; a server that has no model, and a stream that ends early, are told by name", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/model.ftz") response.writeHead(200, { "Content-Length": file.length }).end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    let last = { done: 0, total: null as number | null };
    const onProgress = (progress: typeof last) => {
      last = progress;
    };
    const model = await load(`${url}/model.ftz`, { onProgress });
    expect(model.labels).toHaveLength(4);
    expect(last).toEqual({ kind: "loading", done: file.length, total: file.length });
    await expect(load(`${url}/none.ftz`)).rejects.toThrow(/none\.ftz: the server answered 404/);
  } finally {
    server.close();
  }
  const cut = pieces(file.subarray(0, 3000), 700);
  const ended = load(cut, { name: "cut.ftz", length: file.length });
  await expect(ended).rejects.toThrow(/cut\.ftz: the stream ended after 3000 of 12245 bytes/);
  await expect(load(pieces(file.subarray(0, 3000), 700))).rejects.toThrow(ModelFileError);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(load(pieces(file, 700), { signal })).rejects.toThrow("enough");
});

test("text from an async iterable, in strings or bytes cut anywhere, trains the same model", async () => {
  const settings = { dim: 4, epoch: 2 };
  const whole = Buffer.concat([...(await train([text], settings)).bytes()]);
  const arriving = await train(pieces(text, 777), settings);
  expect(Buffer.concat([...arriving.bytes()]).equals(whole)).toBe(true);
  const lines = await train(text.toString().split(/(?<=\n)/), settings);
  expect(Buffer.concat([...lines.bytes()]).equals(whole)).toBe(true);
});
