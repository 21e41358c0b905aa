/** What was asked for, so that a worker fetches each file once. */
const files = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/**
 * A file of this site, once.
 *
 * @param what     the file in words, for the reader
 * @param onBytes  told how many bytes of it are there, unpacked; not where the file was asked for before
 * @throws Error that tells the reader what is missing; the next call tries again
 */
export function siteFile(
  url: string,
  what: string,
  onBytes?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const known = files.get(url);
  if (known) return known;
  const loading = load(url, what, onBytes);
  loading.catch(() => files.delete(url));
  files.set(url, loading);
  return loading;
}

async function load(url: string, what: string, onBytes?: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url);
    if (!response.ok)
      throw new NotServed(`${what} could not be loaded: the server answers ${response.status}. Reload the page.`);
    if (!onBytes || !response.body) return new Uint8Array(await response.arrayBuffer());
    let bytes = 0;
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        onBytes(bytes);
        controller.enqueue(chunk);
      },
    });
    return new Uint8Array(await new Response(response.body.pipeThrough(counted)).arrayBuffer());
  } catch (cause) {
    if (cause instanceof NotServed) throw cause;
    throw new Error(`${what} could not be loaded: the server does not answer. Is it still running?`, { cause });
  }
}

class NotServed extends Error {}
