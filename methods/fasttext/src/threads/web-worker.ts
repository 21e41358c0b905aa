// What runs in each Web Worker of `webThreads`.
import { doWork, type ThreadWork } from "../wasm.ts";

globalThis.onmessage = ({ data }: MessageEvent<ThreadWork>) => globalThis.postMessage(doWork(data));
