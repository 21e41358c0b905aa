// gzip by the web-standard streams: the same in browsers and on Node.
import { DataError } from "./error.ts";

/** True if the bytes start as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Compressed bytes unpacked piece by piece, so that the caller can stop before a small file fills the memory.
 *
 * @param source  the user's name of the data, for messages
 * @throws DataError if the data are damaged, cut short or followed by something else
 */
export async function* gunzip(bytes: Uint8Array, source: string): AsyncGenerator<Uint8Array> {
  const reader = through(bytes, new DecompressionStream("gzip")).getReader();
  try {
    for (;;) {
      // A damaged stream rejects with a TypeError that says nothing a reader could use.
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new DataError(
          source,
          `the gzip data (${bytes.length} bytes) are damaged or cut short. Download or compress the file again.`,
          { cause },
        );
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // already failed: the error above says why
  }
}

/** The bytes compressed. The result depends on the zlib of the machine; what it unpacks to does not. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await new Response(through(bytes, new CompressionStream("gzip"))).arrayBuffer());
}

function through(bytes: Uint8Array, transform: CompressionStream | DecompressionStream): ReadableStream<Uint8Array> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(bytes as Uint8Array<ArrayBuffer>); // read only: a shared buffer would do as well
      controller.close();
    },
  });
  return source.pipeThrough(transform);
}
