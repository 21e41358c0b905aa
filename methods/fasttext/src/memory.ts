// One growing memory that both kernels compute on. It is shared, so that threads can work on the same rows.

const pageBytes = 65536;

/** Hands out typed arrays of one WebAssembly memory; what was handed out stays valid when the memory grows. */
export class Memory {
  readonly wasm: WebAssembly.Memory;
  readonly #maximumBytes: number;
  /** The first page is the kernel's own; address 0 stays unused, so that 0 can mean "none". */
  #top = pageBytes;
  readonly #free = new Map<number, Uint8Array[]>();
  /** A shared memory that grows gets a new buffer object over the same bytes. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();

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

  /**
   * A block of at least this many bytes for a while, not zeroed; `giveBack` makes it available again.
   * Blocks are reused, so that borrowing in a loop takes no more memory than borrowing once.
   */
  borrow(bytes: number): Uint8Array {
    const size = 2 ** Math.ceil(Math.log2(Math.max(64, bytes)));
    return this.#free.get(size)?.pop() ?? this.bytes(size);
  }

  giveBack(block: Uint8Array): void {
    const list = this.#free.get(block.length);
    if (list) list.push(block);
    else this.#free.set(block.length, [block]);
  }

  /** Whether an array is part of this memory. */
  owns(array: ArrayBufferView): boolean {
    return this.#buffers.has(array.buffer);
  }

  #take(bytes: number): number {
    const start = Math.ceil(this.#top / 64) * 64;
    const end = start + bytes + 16; // the kernel reads words of eight, past the end of an array
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
    this.#buffers.add(this.wasm.buffer);
    return start;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
