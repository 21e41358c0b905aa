// The same in a Web Worker.
import { type Order, trained } from "./trained.ts";

globalThis.onmessage = ({ data }: MessageEvent<Order>) =>
  trained(data).then(globalThis.postMessage, (error) => globalThis.postMessage({ error: String(error) }));
