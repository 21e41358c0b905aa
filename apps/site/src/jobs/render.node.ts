// The thread that renders summaries: a text that takes long must not stop HTTP.
import { parentPort } from "node:worker_threads";
import { RenderError } from "../render/limits.ts";
import { renderMarkdown } from "../render/markdown.ts";
import type { RenderReply, RenderRequest } from "./render.protocol.ts";

if (!parentPort) throw new Error("jobs/render.node.ts runs as a worker thread only");
const port = parentPort;
port.on("message", ({ markdown, labels, name }: RenderRequest) => {
  port.postMessage(answer(markdown, labels, name));
});

function answer(markdown: string, labels: ReadonlyMap<string, string>, name: string): RenderReply {
  try {
    return { rendered: renderMarkdown(markdown, { citeLabel: (key) => labels.get(key), name }) };
  } catch (error) {
    if (error instanceof RenderError) return { error: error.message };
    throw error;
  }
}
