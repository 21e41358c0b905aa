// .bin and .ftz, written byte for byte as the reference program does; model-file.ts reads them.

import type { DenseMatrix, Matrix, ProductQuantizer, QuantizedMatrix, Tables } from "../kernel/kernel.ts";
import type { Dictionary } from "../text/dictionary.ts";
import { type Header, losses, magic, models, newest } from "./model-file.ts";

/** A model as the bytes of its file (version 12), piece by piece; matrices are views, not copies. */
export function* modelBytes(tables: Tables, header: Header): Generator<Uint8Array> {
  const { dictionary, input, output } = tables;
  const head = new DataView(new ArrayBuffer(8 + 48 + 8 + 28));
  const numbers = [
    magic,
    newest,
    tables.dim,
    header.ws,
    header.epoch,
    header.minCount,
    header.neg,
    tables.wordNgrams,
    1 + losses.indexOf(tables.loss),
    1 + models.indexOf(tables.model),
    tables.bucket,
    tables.minn,
    tables.maxn,
    header.lrUpdateRate,
  ];
  for (const [i, value] of numbers.entries()) head.setInt32(4 * i, value, true);
  head.setFloat64(56, header.t, true);
  head.setInt32(64, dictionary.size, true);
  head.setInt32(68, dictionary.words, true);
  head.setInt32(72, dictionary.labels, true);
  head.setBigInt64(76, BigInt(dictionary.tokens), true);
  head.setBigInt64(84, BigInt(dictionary.keptSize), true);
  yield new Uint8Array(head.buffer);
  yield entryBytes(dictionary);
  if (dictionary.kept) yield asBytes(dictionary.keptPairs());
  yield* matrixBytes(input, input.kind === "quantized");
  yield* matrixBytes(output, input.kind === "quantized" && output.kind === "quantized");
}

function entryBytes(dictionary: Dictionary): Uint8Array {
  const { size, starts, pool, counts, kinds } = dictionary;
  const bytes = new Uint8Array(starts[size]! + 10 * size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let i = 0; i < size; i++) {
    for (let from = starts[i]!; from < starts[i + 1]!; from++) bytes[at++] = pool[from]!;
    at++; // the zero that ends the word
    view.setUint32(at, counts[i]! % 2 ** 32, true);
    view.setUint32(at + 4, Math.floor(counts[i]! / 2 ** 32), true);
    bytes[at + 8] = kinds[i]!;
    at += 9;
  }
  return bytes;
}

function* matrixBytes(matrix: Matrix, quantized: boolean): Generator<Uint8Array> {
  yield Uint8Array.of(quantized ? 1 : 0);
  const size = asBytes(BigInt64Array.of(BigInt(matrix.rows), BigInt(matrix.dim)));
  if (matrix.kind === "dense") {
    yield size;
    yield asBytes((matrix as DenseMatrix).values);
    return;
  }
  const { codes, quantizer, norms } = matrix as QuantizedMatrix;
  yield Uint8Array.of(norms ? 1 : 0);
  yield size;
  yield asBytes(Int32Array.of(codes.length));
  yield codes;
  yield* quantizerBytes(quantizer);
  if (!norms) return;
  yield norms.codes;
  yield* quantizerBytes(norms.quantizer);
}

function* quantizerBytes({ dim, parts, partDim, lastDim, centroids }: ProductQuantizer): Generator<Uint8Array> {
  yield asBytes(Int32Array.of(dim, parts, partDim, lastDim));
  yield asBytes(centroids);
}

function asBytes(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
