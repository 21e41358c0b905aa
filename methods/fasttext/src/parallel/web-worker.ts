// What runs in each Web Worker of `webThreads`.
import { doWork, type ThreadWork } from "../kernel/wasm.ts";

globalThis.onmessage = ({ data }: MessageEvent<ThreadWork>) => globalThis.postMessage(doWork(data));
