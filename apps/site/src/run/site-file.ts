/** What was asked for, so that a worker fetches each file once. */
const files = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/**
 * A file of this site, once.
 *
 * @param what  the file in words, for the reader
 * @throws Error that tells the reader what is missing; the next call tries again
 */
export function siteFile(url: string, what: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = files.get(url);
  if (known) return known;
  const loading = fetch(url).then(
    async (response) => {
      if (!response.ok)
        throw new Error(`${what} could not be loaded: the server answers ${response.status}. Reload the page.`);
      return new Uint8Array(await response.arrayBuffer());
    },
    (cause: unknown) => {
      throw new Error(`${what} could not be loaded: the server does not answer. Is it still running?`, { cause });
    },
  );
  loading.catch(() => files.delete(url));
  files.set(url, loading);
  return loading;
}
