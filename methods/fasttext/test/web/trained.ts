// A training with the threads of a page, in the page itself or in a worker of it.
import { type Settings, train, webThreads } from "../../src/index.ts";

export interface Order {
  readonly text: string;
  readonly settings: Partial<Settings>;
}

/** The model's file, and how many threads were started. */
export async function trained({ text, settings }: Order): Promise<{ bytes: number[]; started: number }> {
  const threads = webThreads;
  if (!threads) throw new Error("memory cannot be shared here");
  let started = 0;
  const runThreads: typeof threads = (work) => {
    started += work.length;
    return threads(work);
  };
  const model = await train([text], settings, { runThreads });
  return { bytes: [...model.bytes()].flatMap((piece) => Array.from(piece)), started };
}
