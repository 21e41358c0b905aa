// The thread that learns the site's tags with fastText and suggests them. The server starts it by its address, so no
// method is loaded or runs where requests are answered.
import { parentPort } from "node:worker_threads";
import { Tagger, taggerNeeds } from "@reprise/fasttext";
import type { TagReply, TagRequest } from "./tags.protocol.ts";

if (!parentPort) throw new Error("jobs/tags.node.ts runs as a worker thread only");
const port = parentPort;
let tagger: Tagger | undefined;

let queue = Promise.resolve();
port.on("message", (request: TagRequest) => {
  queue = queue.then(async () => port.postMessage(await answer(request)));
});

async function answer(request: TagRequest): Promise<TagReply> {
  const { id } = request;
  try {
    if (request.kind === "learn") tagger = await Tagger.train(request.texts);
    if (!tagger) return { id, needs: taggerNeeds };
    return { id, suggestions: request.kind === "suggest" ? tagger.suggest(request.text) : [] };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
