/** FNV-1a over bytes read as signed numbers, 32 bits: the hash under every released model. `from` continues a hash. */
export function fnv1a(bytes: Uint8Array, start = 0, end = bytes.length, from = 2166136261): number {
  let h = from;
  for (let i = start; i < end; i++) h = Math.imul(h ^ ((bytes[i]! << 24) >> 24), 16777619);
  return h >>> 0;
}
