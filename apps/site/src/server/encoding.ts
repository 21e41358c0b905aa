// Which encoding of an answer a client gets (RFC 9110, 12.5.3), and the packed copies of a body.
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

export type Encoding = "br" | "gzip";

/** A body as it is, and packed where that is worth it. */
export interface Bodies {
  readonly identity: Uint8Array<ArrayBuffer>;
  readonly br?: Uint8Array<ArrayBuffer> | undefined;
  readonly gzip?: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * The encoding to send: of those that the client takes and we have, the one it likes best, then the smallest.
 *
 * @param accept  the header Accept-Encoding; without it nothing is packed
 */
export function chooseEncoding(accept: string | undefined, bodies: Bodies): Encoding | null {
  if (accept === undefined) return null;
  const weights = new Map<string, number>();
  for (const part of accept.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const q = parameters.find((text) => /^q\s*=/.test(text))?.replace(/^q\s*=\s*/, "") ?? "1";
    if (name !== "") weights.set(name, /^(0(\.\d*)?|1(\.0*)?)$/.test(q) ? Number(q) : 0);
  }
  const weight = (name: string, alias = name) => weights.get(name) ?? weights.get(alias) ?? weights.get("*") ?? 0;
  const plain = weights.get("identity") ?? weights.get("*") ?? Number.MIN_VALUE; // taken unless it is refused
  let [best, most]: [Encoding | null, number] = [null, plain];
  for (const [name, w] of [
    ["gzip", bodies.gzip ? weight("gzip", "x-gzip") : 0],
    ["br", bodies.br ? weight("br") : 0],
  ] as const)
    if (w > 0 && w >= most) [best, most] = [name, w];
  return best;
}

/** Files that packing makes smaller. Pictures, fonts and archives are packed already. */
export function packable(name: string): boolean {
  return /\.(m?js|css|svg|json|wasm|onnx|ftz|txt|xml)$/.test(name);
}

const brotliParams = (bytes: number, quality: number) => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_LGWIN]: 22,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes,
  },
});

/** A page in one encoding: it is small, and waited for. Undefined where packing saves too little. */
export async function packPage(
  identity: Uint8Array<ArrayBuffer>,
  encoding: Encoding,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const packed = await (encoding === "br"
    ? promisify(brotliCompress)(identity, brotliParams(identity.length, 4))
    : promisify(gzip)(identity, { level: 5 }));
  return worthwhile({ identity, [encoding]: bytesOf(packed) })[encoding];
}

/** A file, packed as small as a second or two of another thread makes it. */
export async function packFile(identity: Uint8Array<ArrayBuffer>): Promise<Bodies> {
  const [packed, zipped] = await Promise.all([
    promisify(brotliCompress)(identity, brotliParams(identity.length, identity.length > 1e5 ? 9 : 11)),
    promisify(gzip)(identity, { level: 9 }),
  ]);
  return worthwhile({ identity, br: bytesOf(packed), gzip: bytesOf(zipped) });
}

/** Without the copies that save less than a twentieth: unpacking costs the reader more. */
function worthwhile({ identity, br, gzip: zipped }: Bodies): Bodies {
  const keep = (copy: Bodies["br"]) => (copy && copy.length < 0.95 * identity.length ? copy : undefined);
  return { identity, br: keep(br), gzip: keep(zipped) };
}

function bytesOf(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}
