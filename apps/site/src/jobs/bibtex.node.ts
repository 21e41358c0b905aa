// The thread that reads BibTeX: whatever somebody pastes must not stop HTTP.
import { parentPort } from "node:worker_threads";
import { readBibtex } from "../bibtex/read.ts";

if (!parentPort) throw new Error("jobs/bibtex.node.ts runs as a worker thread only");
const port = parentPort;
port.on("message", (text: string) => port.postMessage(readBibtex(text)));
