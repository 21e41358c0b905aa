// The worker threads of this process, started before there is work for them: that takes a tenth of a second.
import { ThreadPool } from "./pool.node.ts";

export const workers = new ThreadPool(new URL("./door.node.mjs", import.meta.url));
