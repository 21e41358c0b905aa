// One growing memory that both kernels compute on. It is shared, so that threads can work on the same rows.

const pageBytes = 65536;

/** Hands out typed arrays of one WebAssembly memory; what was handed out stays valid when the memory grows. */
export class Memory {
  readonly wasm: WebAssembly.Memory;
  readonly #maximumBytes: number;
  #top = 1024; // address 0 stays unused, so that 0 can mean "none"

  /** @param maximumBytes  address space that may be taken, at most 4 GiB */
  constructor(maximumBytes = 65536 * pageBytes) {
    this.#maximumBytes = maximumBytes;
    this.wasm = new WebAssembly.Memory({
      initial: 1,
      maximum: Math.ceil(maximumBytes / pageBytes),
      shared: true,
    });
  }

  /** Bytes handed out so far. */
  get used(): number {
    return this.#top;
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return new Uint8Array(this.wasm.buffer, start, length);
  }

  int32(length: number): Int32Array {
    const start = this.#take(4 * length);
    return new Int32Array(this.wasm.buffer, start, length);
  }

  float32(length: number): Float32Array {
    const start = this.#take(4 * length);
    return new Float32Array(this.wasm.buffer, start, length);
  }

  int64(length: number): BigInt64Array {
    const start = this.#take(8 * length);
    return new BigInt64Array(this.wasm.buffer, start, length);
  }

  float64(length: number): Float64Array {
    const start = this.#take(8 * length);
    return new Float64Array(this.wasm.buffer, start, length);
  }

  /** Gives back everything taken after `used` was `mark`. The arrays from then on must not be used any more. */
  release(mark: number): void {
    // Zeroed, because what is handed out next must read as zero.
    new Uint8Array(this.wasm.buffer, mark, this.#top - mark).fill(0);
    this.#top = mark;
  }

  #take(bytes: number): number {
    const start = Math.ceil(this.#top / 64) * 64;
    const end = start + bytes;
    if (end > this.#maximumBytes)
      throw new RangeError(
        `This needs ${megabytes(end)} of memory, more than the ${megabytes(this.#maximumBytes)} that can be addressed. ` +
          "Take a smaller bucket or dim, or a larger minCount.",
      );
    const missing = Math.ceil((end - this.wasm.buffer.byteLength) / pageBytes);
    if (missing > 0) {
      try {
        this.wasm.grow(missing);
      } catch (cause) {
        throw new RangeError(
          `The system gave no ${megabytes(end)} of memory. Take a smaller bucket or dim, or a larger minCount.`,
          { cause },
        );
      }
    }
    this.#top = end;
    return start;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
